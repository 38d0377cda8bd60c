"""How the engines that have a profile behave at first contact. `serving(clip, **MANNERS["vllm-omni"])`."""

MANNERS = {
    # Forms only: JSON is answered with 400, pydantic's words and a piece of its own code.
    "vllm-omni": {"forms_only": True, "unread_status": 400},
    # JSON; a form has to have a reference, and its text fields are read as the JSON ones are.
    "sglang": {"forms_need_a_file": True},
    # JSON only, and the answer to the order is the finished video.
    "dynamo": {"json_only": True, "at_once": True},
    # JSON and forms; a field that it does not know is refused.
    "openai": {"known_fields": frozenset({"prompt", "model", "seconds", "size", "input_reference"})},
    "generic": {},
}
