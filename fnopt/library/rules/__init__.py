"""The rules for functions, in the style of a linter: a file a family, a small generator a rule.

Importing the room registers them all. Rules are lint, never a wall: what keeps learned code from
doing harm is the sandbox.
"""

from fnopt.library.rules import breaking as breaking
from fnopt.library.rules import calls as calls
from fnopt.library.rules import flow as flow
from fnopt.library.rules import imports as imports
from fnopt.library.rules import missing as missing
from fnopt.library.rules import naming as naming
from fnopt.library.rules import reach as reach
from fnopt.library.rules import signatures as signatures
from fnopt.library.rules import size as size
from fnopt.library.rules import state as state
from fnopt.library.rules import text as text
from fnopt.library.rules import twins as twins
