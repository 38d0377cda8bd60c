"""Manifests, units and alerts, read by their own tools and against the code. No cluster, systemd or Prometheus runs here."""

import re
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.observability.case_gauges import CaseGauges
from pipeline.observability.ledger_gauges import LedgerGauges
from pipeline.observability.ledger_windows import LedgerWindows
from pipeline.observability.pipeline_metrics import PipelineMetrics
from pipeline.runners.topics import WORKER_ROLES, Topics
from pipeline.settings import Settings
from tests.conftest import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
OBJECTS = [
    (path.name, one)
    for path in sorted(KUBERNETES.glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text())
    if one["kind"] not in ("Kustomization", "ScaledObject")
]
DEPLOYMENTS = {one["metadata"]["name"]: one for _, one in OBJECTS if one["kind"] == "Deployment"}
SETTINGS = {f"ASSAY_{name.upper()}" for name in Settings.model_fields} | {"ASSAY_CONFIG"}
ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"][0]["rules"]
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))


@pytest.mark.parametrize(("file", "manifest"), OBJECTS, ids=[f"{n}-{o['metadata']['name']}" for n, o in OBJECTS])
def test_each_manifest_is_one_by_the_strict_schema(file, manifest):
    kubernetes_validate.validate(manifest, "1.33", strict=True)


def test_every_file_is_applied_but_what_needs_keda():
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    lying = {path.name for path in KUBERNETES.glob("*.yaml")}
    assert set(kustomization["resources"]) == lying - {"kustomization.yaml", "autoscaling.yaml"}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_each_pod_is_one_of_the_restricted_standard_and_says_when_it_is_not_well(name):
    pod = DEPLOYMENTS[name]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    held = container["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert held["readOnlyRootFilesystem"] and not held["allowPrivilegeEscalation"]
    assert held["capabilities"] == {"drop": ["ALL"]}
    assert {"requests", "limits"} <= container["resources"].keys() and "livenessProbe" in container
    ports = {one["name"] for one in container["ports"]}
    assert {container[kind]["httpGet"]["port"] for kind in ("startupProbe", "livenessProbe")} <= ports
    paths = {one["mountPath"] for one in container["volumeMounts"]}
    assert {"/tmp", "/var/lib/assay"} <= paths  # all that may be written to
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}


def test_workers_of_all_roles_run_and_those_that_grow_do_so_by_the_lag_of_their_own_group():
    roles = {tuple(one["spec"]["template"]["spec"]["containers"][0]["args"][2::2]) for one in workers()}
    assert {role for some in roles for role in some} == set(WORKER_ROLES)
    scaled = [
        one for one in yaml.safe_load_all((KUBERNETES / "autoscaling.yaml").read_text()) if "triggers" in one["spec"]
    ]
    topics = Topics(prefix="assay")
    for one in scaled:
        (trigger,) = one["spec"]["triggers"]
        role = one["spec"]["scaleTargetRef"]["name"].removeprefix("worker-")
        assert trigger["metadata"]["topic"] == topics.of_role(role)
        assert trigger["metadata"]["consumerGroup"] == topics.group((role,))
        assert one["spec"]["maxReplicaCount"] <= Settings.model_fields["kafka_partitions"].default


def workers():
    return [one for name, one in DEPLOYMENTS.items() if name.startswith("worker-")]


def test_settings_of_the_cluster_exist_and_hold_no_secret():
    (config,) = [one for _, one in OBJECTS if one["kind"] == "ConfigMap"]
    ours = {name for name in config["data"] if name.startswith("ASSAY_")}
    assert ours <= SETTINGS
    assert not [name for name in ours if re.search(r"PASSWORD|SECRET|TOKEN|_KEY$|DATABASE_URL", name)]
    assert not [one for _, one in OBJECTS if one["kind"] == "Secret"]


def test_each_budget_and_policy_selects_pods_that_exist():
    labels = [one["spec"]["template"]["metadata"]["labels"].items() for one in DEPLOYMENTS.values()]
    for _, one in OBJECTS:
        if one["kind"] in ("PodDisruptionBudget", "NetworkPolicy"):
            selector = one["spec"].get("selector", one["spec"].get("podSelector"))
            wanted = selector.get("matchLabels", {}).items()
            assert any(wanted <= some for some in labels), one["metadata"]["name"]


def test_every_metric_that_an_alert_asks_for_is_one_that_we_make_and_each_label_too():
    class Nobody:
        def count_phases(self):
            return []

        def read_windows(self):
            return LedgerWindows(lags=(), drift=(), probing=0)

    metrics = PipelineMetrics()
    metrics.registry.register(CaseGauges(Nobody()))
    metrics.registry.register(LedgerGauges(Nobody()))
    made = {one.name for one in text_string_to_metric_families(generate_latest(metrics.registry).decode())}
    asked = {name for rule in ALERTS for name in re.findall(r"\bassay_\w+", rule["expr"])}
    assert {re.sub(r"_(total|count|bucket|sum)$", "", name) for name in asked} <= made
    assert len(asked) > 5


def test_each_alert_has_a_section_in_the_runbook_and_each_section_an_alert():
    runbook = (ROOT / "docs/how-to/runbook.md").read_text()
    assert re.findall(r"^## (\w+)$", runbook, re.M) == [rule["alert"] for rule in ALERTS]
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"page", "ticket"}


def test_promtool_finds_nothing_in_the_configuration_and_the_alerts_fire_when_they_should():
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool is not installed")
    for command in (["check", "config", "prometheus.yaml"], ["test", "rules", "alerts_test.yaml"]):
        done = subprocess.run([promtool, *command], cwd=ROOT / "deploy/prometheus", capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
def test_systemd_finds_nothing_in_the_units_and_their_commands_exist(unit, tmp_path):
    text = unit.read_text()
    role = WORKER_ROLES and "light"
    command = text.partition("ExecStart=")[2].splitlines()[0]
    assert "/opt/assay/bin/assay serve" in command or "/opt/assay/bin/assay worker --role" in command
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / unit.name.replace("@", f"@{role}-1")
    copy.write_text(text.replace("/opt/assay/bin/assay", "/bin/true"))
    done = subprocess.run([analyze, "verify", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
