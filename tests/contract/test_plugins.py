"""What is registered, by Assay and from outside, and what is refused."""

import sys
import tomllib
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from classifiers import LABELS, Classifier, LabelDefinition, PromptText, build_classifiers, measure_all
from classifiers import registered as registered_classifiers
from classifiers.base import ClassifierExample
from core import plugins as registry
from core.errors import BadInput
from core.plugins import CLASSIFIERS, ENGINES, PluginError, find_plugin, plugins
from core.signals import Signal, Subject
from pipeline.blobstores.storage import open_storage
from pipeline.diagnostics.plugin_checks import BUNDLED, check_outside_plugins
from pipeline.engines import BUNDLED_ENGINES
from pipeline.engines.engine_selection import make_engine
from pipeline.policy_rollout.policy_loading import policy_vocabulary
from pipeline.settings import Settings, load_settings
from provenance.c2pa.signers.signer_config import SignerConfig, SignerFiles, make_signer
from registry.banks.hash_bank import MemoryHashBank
from registry.banks.protected_gallery import MemoryGallery
from tests.conftest import ROOT

HERE = __name__


class Found(Classifier):
    """A classifier from outside."""

    name = "found"
    version = 1
    subjects = frozenset({Subject.PROMPT})
    labels = ("loud",)
    new_labels = {"loud": LabelDefinition(frozenset({Subject.PROMPT}), "It is loud.")}  # noqa: RUF012
    covers = "Every prompt is loud to it, whatever it says, in each language."

    def measure(self, material, subject):
        return [self.signal(subject, "loud", 1.0)]

    def examples(self):
        return [ClassifierExample(about="any", material=PromptText("a"), label="loud", low=1.0)]


class Known(Found):
    new_labels = {"loud": Found.new_labels["loud"], "violence": LABELS["violence"]}  # noqa: RUF012


class Undeclared(Found):
    new_labels = {}  # noqa: RUF012


class Twice(Found):
    labels = ("loud", "loud")


class Misnamed(Found):
    name = "other"


class OfVideos(Found):
    subjects = frozenset({Subject.VIDEO})


class Unbuilt(Found):
    @classmethod
    def build(cls, context):
        raise RuntimeError("no licence")


class Second(Found):
    name = "second"


class Meddler(Found):
    def measure(self, material, subject):
        return [
            self.signal(subject, "loud", 1.0),
            Signal(subject=subject, label="violence", score=0.0, source=self.source),
        ]


def half_an_engine(_settings):
    return SimpleNamespace(name="half", version="1", synthetic=True, commission=lambda _request: "job")


def no_signer(_config, _files):
    return SimpleNamespace(chain="")


def kept_settings(_settings):
    raise BadInput("engine = kept needs engine_url")


@pytest.fixture
def outside(monkeypatch):
    """Registers entry points of other distributions, as if they were installed."""

    def register(*entries):
        made = []
        for group, name, target, *by in entries:
            entry = EntryPoint(name=name, value=target, group=group)
            dist = SimpleNamespace(name=by[0] if by else "other-makers", version="2.0")
            made.append(SimpleNamespace(name=entry.name, value=entry.value, group=group, dist=dist))
        monkeypatch.setattr(registry, "_installed", lambda: tuple(made))
        forget()

    def forget():
        registered_classifiers.classifier_types.cache_clear()
        registered_classifiers.vocabulary.cache_clear()

    yield register
    monkeypatch.undo()
    forget()


def all_classifiers():
    return build_classifiers(MemoryGallery(), MemoryHashBank())


def test_pyproject_declares_the_same_plugins_as_the_tables_in_the_code():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert {group: dict(table) for group, table in BUNDLED.items()} == {group: declared[group] for group in BUNDLED}
    assert set(BUNDLED) == set(registry.GROUPS)


def test_each_bundled_plugin_can_be_imported():
    found = [plugin for group, table in BUNDLED.items() for plugin in plugins(group, table).values()]
    assert all(callable(plugin.load()) for plugin in found if plugin.bundled)


def test_what_the_metadata_of_assay_itself_says_is_not_read(outside):
    outside((ENGINES, "yesterday", "gone:gone", "assay"))
    assert list(plugins(ENGINES, BUNDLED_ENGINES)) == list(BUNDLED_ENGINES)


def test_a_classifier_from_outside_measures_and_rules_may_speak_of_its_label(outside):
    outside((CLASSIFIERS, "found", f"{HERE}:Found"))
    said = measure_all(PromptText("a"), [c for c in all_classifiers() if c.name == "found"]).signals
    assert [(one.label, one.score, one.source) for one in said] == [("loud", 1.0, "found/1")]
    assert policy_vocabulary().labels["loud"] == {Subject.PROMPT}
    assert set(policy_vocabulary().labels) == {*LABELS, "loud"}


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("no_such_module:Found", "cannot be imported: ModuleNotFoundError"),
        (f"{HERE}:NoSuchClass", "cannot be imported: AttributeError"),
        (f"{HERE}:half_an_engine", "is no subclass of classifiers.Classifier"),
        (f"{HERE}:Known", "declares the label violence, which Assay's vocabulary declares already"),
        (f"{HERE}:Undeclared", "gives the label loud, which nobody declares"),
        (f"{HERE}:Twice", "declares a label twice"),
        (f"{HERE}:Misnamed", "does not say its name"),
        (f"{HERE}:OfVideos", "gives the label loud of video, of which it is not declared"),
    ],
)
def test_a_classifier_that_cannot_be_used_is_refused_by_its_name(outside, target, says):
    outside((CLASSIFIERS, "found", target))
    with pytest.raises(PluginError) as refused:
        policy_vocabulary()
    assert "the plugin found of assay.classifiers (from other-makers 2.0)" in str(refused.value)
    assert says in str(refused.value)


def test_a_classifier_that_cannot_be_built_is_refused_and_nothing_is_measured_without_it(outside):
    outside((CLASSIFIERS, "found", f"{HERE}:Unbuilt"))
    with pytest.raises(PluginError, match=r"plugin found .* cannot be built: RuntimeError: no licence"):
        all_classifiers()


def test_a_label_belongs_to_the_first_who_brings_it_and_the_other_is_refused(outside):
    outside((CLASSIFIERS, "found", f"{HERE}:Found"), (CLASSIFIERS, "second", f"{HERE}:Second", "third-makers"))
    with pytest.raises(PluginError, match=r"plugin second .* declares the label loud, which the plugin found"):
        policy_vocabulary()


def test_a_classifier_that_speaks_under_a_label_it_does_not_declare_measures_nothing():
    said = measure_all(PromptText("a"), [Meddler()]).signals
    assert [(one.label, one.score, one.note) for one in said] == [("loud", None, "failed")]


def test_two_plugins_of_one_name_are_refused_with_who_brought_each(outside):
    outside((ENGINES, "http", f"{HERE}:half_an_engine"))
    with pytest.raises(PluginError, match=r"named http: one is from assay, one from other-makers 2\.0"):
        plugins(ENGINES, BUNDLED_ENGINES)
    with pytest.raises(PluginError, match="named http"):
        load_settings()
    outside((ENGINES, "new", "a:b"), (ENGINES, "new", "c:d", "third-makers"))
    with pytest.raises(PluginError, match=r"named new: one is from other-makers 2\.0, one from third-makers 2\.0"):
        plugins(ENGINES, BUNDLED_ENGINES)


@pytest.mark.parametrize("setting", ["engine", "signer"])
def test_a_name_that_nobody_registered_is_refused_with_those_that_are_known(outside, setting):
    outside((f"assay.{setting}s", "mine", f"{HERE}:half_an_engine"))
    assert getattr(load_settings(**{setting: "mine"}), setting) == "mine"
    with pytest.raises(BadInput, match=rf"setting {setting}: .*'nothing' is not among .*http.*, mine"):
        load_settings(**{setting: "nothing"})


def test_an_unknown_plugin_is_refused_with_those_that_are_known():
    with pytest.raises(PluginError, match=r"'nothing' is not registered in assay\.engines; known: folder, http"):
        find_plugin(ENGINES, "nothing", BUNDLED_ENGINES)


def test_an_engine_that_lacks_a_method_is_refused_by_its_name(outside):
    outside((ENGINES, "half", f"{HERE}:half_an_engine"), (ENGINES, "kept", f"{HERE}:kept_settings"))
    with pytest.raises(
        PluginError, match=r"plugin half .* made no Engine: it lacks poll, fetch, cancel, generator_info"
    ):
        make_engine(Settings(engine="half"))
    with pytest.raises(BadInput, match="needs engine_url"):
        make_engine(Settings(engine="kept"))


def test_a_signer_that_cannot_sign_is_refused_by_its_name(outside, tmp_path):
    outside(("assay.signers", "mine", f"{HERE}:no_signer"))
    with pytest.raises(PluginError, match=r"plugin mine .* made no Signer: it lacks algorithm, tsa_url, sign"):
        make_signer(SignerConfig(kind="mine"), SignerFiles(folder=tmp_path, chain=""))


def test_files_may_be_kept_under_a_scheme_from_outside_and_under_no_other(outside, tmp_path):
    outside(("assay.blobstores", "mine", "pipeline.blobstores.local_storage:local_storage"))
    assert open_storage(f"mine://{tmp_path}").names("") == []
    with pytest.raises(BadInput, match=r"cannot be kept at ftp://.*known: file, s3, memory, mine"):
        open_storage("ftp://x/y")


def test_the_doctor_looks_at_each_plugin_by_itself(outside):
    outside(
        (CLASSIFIERS, "found", f"{HERE}:Found"), (ENGINES, "gone", "no_such_module:x"), ("assay.signers", "file", "a:b")
    )
    said = [(plugin and plugin.name, problem) for plugin, problem in check_outside_plugins()]
    assert said[0] == ("found", "")
    assert said[1][0] == "gone" and "cannot be imported" in said[1][1]
    assert said[2][0] is None and "named file" in said[2][1]


def test_no_plugin_is_imported_before_it_is_used(outside):
    outside((ENGINES, "unused", "xml.sax.expatreader:create_parser"))
    sys.modules.pop("xml.sax.expatreader", None)
    assert "unused" in plugins(ENGINES, BUNDLED_ENGINES)
    assert "xml.sax.expatreader" not in sys.modules
