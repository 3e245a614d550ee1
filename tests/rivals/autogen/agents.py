"""Epochs with the ``scores`` given, each step's word handed to two real agents as documented.

Then the assistant answers ``question``: what it is offered stands in its request.
"""

import rival
from autogen import AssistantAgent, UserProxyAgent


def run(given):
    assistant = AssistantAgent("assistant", llm_config=rival.models(given, "agent-model"))
    user = UserProxyAgent("user", human_input_mode="NEVER", code_execution_config=False)
    trained = rival.optimizer(given)
    told = {"libraries": [], "errors": []}
    for score in given["scores"]:
        rival.record(trained, score)
        _, error, _ = rival.attempt(register, trained.step(), assistant, user)
        told["libraries"].append([function["name"] for function in trained._trial_functions])
        told["errors"].append(error)
    user.initiate_chat(assistant, message=given["question"], max_turns=1)
    return {**told, "executes": sorted(user.function_map)}


def register(word, assistant, user):
    for_llm, for_executor = word
    for item in for_llm:
        assistant.update_function_signature(**item)
    if for_executor:
        user.register_function(function_map=for_executor)


rival.speak(run)
