"""Two real agents talk about each question; the history is read in the documented order.

That is: chat, reset the assistant, read its history, record it with this question's label; then a
step, whose prompt pairs them.
"""

import rival
from autogen import AssistantAgent, UserProxyAgent


def run(given):
    assistant = AssistantAgent("assistant", llm_config=rival.models(given, "agent-model"))
    user = UserProxyAgent("user", human_input_mode="NEVER", code_execution_config=False)
    trained = rival.optimizer(given)
    for question, right in given["tasks"]:
        user.initiate_chat(assistant, message=question, max_turns=1)
        assistant.reset()
        history = assistant.chat_messages_for_summary(user)
        trained.record_one_conversation(history, is_satisfied=right)
    trained.step()
    return {
        "transcripts": [next(iter(one.values())) for one in trained._best_conversations_history],
        "labels": [next(iter(one.values())) for one in trained._best_conversations_performance],
    }


rival.speak(run)
