"""How does what was learned reach people? Pull requests, their evidence, and what people answer.

What goes out: a run's branch and its evidence are pushed (:mod:`fnopt.history.remote`), a body is
written from the log and the evidence alone (``facts`` reads, ``body`` writes), and a ``Forge``
opens or updates the pull request. What comes back: comments become requests to the optimizer
(``feedback``), what people did to the branch or to the pull request is seen by function blobs
(``fate``). ``verify`` says, without a key or a model, whether figures follow from evidence.
"""
