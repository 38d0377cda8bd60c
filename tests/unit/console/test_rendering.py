from markupsafe import Markup

from console.web.rendering import _environment


def rendered(value):
    return _environment().from_string("<p>{{ value }}</p>").render(value=value)


def test_what_turns_the_direction_of_writing_is_shown_as_what_it_is():
    assert rendered("a video of \u202egnp.exe\u202c") == "<p>a video of ⟦U+202E⟧gnp.exe⟦U+202C⟧</p>"
    assert rendered(Markup("<b>\u2067x</b>")) == "<p><b>⟦U+2067⟧x</b></p>"


def test_right_to_left_writing_itself_and_markup_of_strangers_stay_as_they_are():
    assert rendered("قطة في حديقة") == "<p>قطة في حديقة</p>"
    assert rendered("<script>\u202e") == "<p>&lt;script&gt;⟦U+202E⟧</p>"
