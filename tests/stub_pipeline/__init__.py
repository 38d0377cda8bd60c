"""Stages that decide by a word in the prompt, so that runners can be tested by the stories they tell."""
