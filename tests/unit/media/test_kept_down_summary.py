"""What is told of videos that stay-down stops although nobody claimed them."""

from evals.footage.kept_down import stop_summary


def looked_up(score, same_scene=()):
    return {"name": "a.mp4", "score": score, "matches": "", "same_scene": list(same_scene)}


def test_what_is_refused_and_what_is_held_is_counted_apart_and_matches_of_one_scene_not_at_all():
    rows = [looked_up(0.5), looked_up(0.3), looked_up(0.49), looked_up(0.29), looked_up(0.0, ["b.mp4"])]
    found = stop_summary(rows)
    assert (found["n"], found["refused"]["count"], found["held"]["count"]) == (5, 1, 2)
    assert found["which"] == rows[:3] and found["same_scene"] == rows[4:]
    low, high = found["refused"]["interval"]
    assert 0 < low < 0.2 < high < 1
