"""What is said of Kafka is whole, or refused by name."""

import pytest

from core.errors import BadInput
from pipeline.settings import load_settings

SASL = {"kafka_security_protocol": "SASL_SSL", "kafka_username": "assay", "kafka_password": "a secret"}


def test_the_connection_is_what_the_settings_say(tmp_path):
    connection = load_settings(**SASL, kafka_servers="a:1,b:2", kafka_ca_file=tmp_path / "ca.pem").kafka_connection()
    assert (connection.protocol, connection.username, connection.password) == ("SASL_SSL", "assay", "a secret")
    assert connection.addresses == ["a:1", "b:2"]
    assert connection.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (SASL | {"kafka_password": None}, "kafka_password is missing"),
        (SASL | {"kafka_security_protocol": "SSL"}, "no SASL_"),
        ({"kafka_ca_file": "ca.pem"}, "not SSL or SASL_SSL"),
        ({"kafka_security_protocol": "SSL", "kafka_key_file": "key.pem"}, "without kafka_cert_file"),
        ({"kafka_security_protocol": "TLS"}, "kafka_security_protocol"),
        ({"kafka_partitions": 0}, "kafka_partitions"),
    ],
)
def test_what_would_go_unused_or_is_half_is_refused(given, said):
    with pytest.raises(BadInput, match=said):
        load_settings(**given)
