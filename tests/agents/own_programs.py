"""Agents of one's own for the tests: each a function, or a program that speaks JSON lines."""

FUNCTIONS = """
import asyncio, os, subprocess, sys, threading, time
from types import SimpleNamespace

pending = []

def solve(task, tools):
    number = int(task.question.split()[-1])
    return str(tools["double"](number=number))

async def solve_async(task, tools):
    number = int(task.question.split()[-1])
    return str(await tools["double"](number))

def with_usage(task, tools):
    return "42", {"prompt_tokens": 7, "completion_tokens": 3, "calls": 2, "cost": 0.5}

def as_object(task, tools):
    return SimpleNamespace(answer=42, usage=SimpleNamespace(input_tokens=5, output_tokens=1))

def as_mapping(task, tools):
    return {"answer": True, "usage": {"total_tokens": 9, "model": "gpt-5-mini"}}

def nonsense_usage(task, tools):
    return "42", {"prompt_tokens": float("nan"), "completion_tokens": -5, "cost": "much"}

def looks(task, tools):
    tool = tools["double"]
    seen = [task.id, task.question, dict(task.metadata), task.trial, hasattr(task, "answer")]
    return repr([*seen, list(tools), tool.__name__, tool.__doc__, tool.signature, tool.schema])

def calls_as_a_model_does(task, tools):
    wanted = ("double", '{"number": 4}'), ("gone", "{}"), ("double", "x")
    said = [tools.call(name, arguments) for name, arguments in wanted]
    return " | ".join(line[:40] for line in said)

def raises(task, tools):
    raise KeyError("no such thing")

def trips(task, tools):
    return tools["fail"](text="x")

def survives(task, tools):
    try:
        tools["double"](value=1)
    except Exception as error:
        return type(error).__name__ + ": " + str(error)

def unplugged(task, tools):
    raise ConnectionRefusedError("nobody listens")

def limited(task, tools):
    try:
        raise OSError("dropped")
    except OSError as error:
        raise RuntimeError("the model did not answer") from error

def busy(task, tools):
    error = Exception("slow down")
    error.status_code = 429
    raise error

def hangs(task, tools):
    time.sleep(1000)

async def hangs_async(task, tools):
    await asyncio.sleep(1000)

async def holds_up_the_loop(task, tools):
    time.sleep(4)
    return "late"

def calls_later(task, tools):
    pending.append(tools)
    time.sleep(1000)

def answers_none(task, tools):
    return None

def answers_nan(task, tools):
    return float("nan")

def answers_list(task, tools):
    return ["42"]

def answers_huge_number(task, tools):
    return 10 ** 5000

def answers_a_megabyte(task, tools):
    return "x" * 1_000_000

def answers_half_a_pair(task, tools):
    return "a" + chr(0xD800)

def exits(task, tools):
    sys.exit(3)

async def exits_async(task, tools):
    sys.exit(3)

def quits_by_hand(task, tools):
    raise KeyboardInterrupt

def prints(task, tools):
    print("noise on standard output")
    worker = threading.Thread(target=lambda: print("more noise"))
    worker.start()
    worker.join()
    return "42"

def replaces_a_tool(task, tools):
    tools["double"] = lambda number: 1

def changes_a_tool(task, tools):
    tools["double"].__name__ = "triple"

def spoils_schemas(task, tools):
    tools["double"].schema["function"]["parameters"]["properties"].clear()
    tools.schemas[0]["function"]["name"] = "other"
    task.metadata.clear()
    return str(tools["double"](number=21))

async def leaves_tasks(task, tools):
    async def forever():
        try:
            await asyncio.sleep(1000)
        finally:
            pending.append("cancelled")
    asyncio.create_task(forever())
    await asyncio.sleep(0)
    return "42"

def never_stops_calling(task, tools):
    while True:
        tools.call("gone", "{}")

def gives_a_set(task, tools):
    tools["double"](number={1, 2})

def too_many_arguments(task, tools):
    tools["double"](1, 2)

async def gathers(task, tools):
    found = await asyncio.gather(*(tools["double"](number=n) for n in range(4)))
    return str(sum(found))

not_a_function = 5
"""

COMMAND = """
import json, os, subprocess, sys, time

def write(**value):
    sys.stdout.write(json.dumps(value) + "\\n")
    sys.stdout.flush()

first = json.loads(sys.stdin.readline())
id, task = first["id"], first["task"]
how = sys.argv[1]

if how == "solve":
    number = int(task["question"].split()[-1])
    write(id=id, call={"name": "double", "arguments": {"number": number}})
    said = json.loads(sys.stdin.readline())
    used = {"prompt_tokens": 7, "completion_tokens": 3, "cost": 0.5}
    write(id=id, answer=said["result"], usage=used)
elif how == "looks":
    names = [one["function"]["name"] for one in first["tools"]]
    write(id=id, answer=json.dumps([sorted(first), task, names]))
elif how == "errors":
    told = []
    wrong = ("fail", {"text": "x"}), ("gone", {}), ("double", "no JSON"), ("double", [1])
    for name, arguments in wrong:
        write(id=id, call={"name": name, "arguments": arguments})
        told.append(json.loads(sys.stdin.readline())["error"][:30])
    write(id=id, answer=" | ".join(told))
elif how == "several":
    for number in (1, 2, 3):
        write(id=id, call={"name": "double", "arguments": {"number": number}})
    write(id=id, answer=str([json.loads(sys.stdin.readline())["result"] for _ in range(3)]))
elif how == "exits":
    sys.stderr.write("out of luck\\n")
    sys.exit(7)
elif how == "killed":
    os.kill(os.getpid(), 9)
elif how == "garbage":
    print("Loading the model ...")
elif how == "binary":
    sys.stdout.buffer.write(bytes(range(256)) + b"\\n")
elif how == "list":
    print("[1, 2]")
elif how == "huge":
    chunk = "x" * (1 << 20)
    for _ in range(64):
        sys.stdout.write(chunk)
    sys.stdout.write("\\n")
elif how == "huge_answer":
    write(id=id, answer="x" * 1_000_000)
elif how == "hangs":
    sleep = "import time; time.sleep(1000)"
    subprocess.Popen([sys.executable, "-c", sleep, task["metadata"]["mark"]])
    time.sleep(1000)
elif how == "other_id":
    write(id="somebody", answer="42")
elif how == "no_id":
    write(answer="42")
elif how == "nothing_known":
    write(id=id, result="42")
elif how == "call_of_nothing":
    write(id=id, call="double")
elif how == "none":
    write(id=id, answer=None)
elif how == "nan":
    print('{"id": "' + id + '", "answer": NaN}')
elif how == "stderr":
    while True:
        sys.stderr.write("y" * 100_000)
elif how == "stderr_then_answers":
    sys.stderr.write("y" * 3_000_000)
    write(id=id, answer="42")
elif how == "closes":
    os.close(1)
    time.sleep(1000)
elif how == "cannot":
    write(id=id, error="the endpoint is down")
elif how == "lingers":
    write(id=id, answer="42")
    time.sleep(1000)
elif how == "environment":
    write(id=id, answer=os.environ.get("OWN_AGENT_KEY", "") + " " + os.getcwd())
"""
