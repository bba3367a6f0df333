# SPDX-License-Identifier: Apache-2.0
"""The spec names a Secret, a ConfigMap, a ServiceAccount or a volume's Secret that is not there."""

from harness import REPLICASET_WITHIN

VOLUME = {"spec": {"volumes": [{"name": "keys", "secret": {"secretName": "mounted-keys"}}],
                   "containers": [{"name": "agent", "volumeMounts": [{"name": "keys", "mountPath": "/keys"}]}]}}


def cause(row):
    row.kubectl("create", "secret", "generic", "half", "--from-literal=other=1")
    row.agent("variable", env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "model-key", "key": "key"}}}])
    row.agent("key", env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "half", "key": "wanted"}}}])
    row.agent("settings", envFrom=[{"configMapRef": {"name": "model-settings"}}])
    row.agent("account", serviceAccountName="model-reader")
    row.agent("volume", podTemplate=VOLUME)


def mend(row):
    row.kubectl("create", "secret", "generic", "model-key", "--from-literal=key=1")
    row.kubectl("patch", "secret", "half", "--type=merge", "-p", '{"stringData":{"wanted":"1"}}')
    row.kubectl("create", "configmap", "model-settings", "--from-literal=SIZE=small")
    row.kubectl("create", "serviceaccount", "model-reader")
    row.kubectl("create", "secret", "generic", "mounted-keys", "--from-literal=key=1")


def test_a_secret_of_env_is_told(space):
    """A Secret of env that is not there is ConfigMissing, by its name, and so says the 504."""
    space.tells("variable", "ConfigMissing", 'secret "model-key" not found', "spec.env")
    space.refuses("variable", "ConfigMissing")


def test_a_key_of_a_secret_is_told(space):
    """A key that a Secret of env does not have is ConfigMissing, by its name, and so says the 504."""
    space.tells("key", "ConfigMissing", "couldn't find key wanted", "half", "spec.env")
    space.refuses("key", "ConfigMissing")


def test_a_config_map_of_env_from_is_told(space):
    """A ConfigMap of envFrom that is not there is ConfigMissing, by its name, and so says the 504."""
    space.tells("settings", "ConfigMissing", 'configmap "model-settings" not found', "spec.envFrom")
    space.refuses("settings", "ConfigMissing")


def test_a_service_account_is_told(space):
    """A ServiceAccount that is not there is ConfigMissing, by its name, and so says the 504."""
    space.tells("account", "ConfigMissing", 'serviceaccount "model-reader" not found', "spec.serviceAccountName")
    space.refuses("account", "ConfigMissing")


def test_a_secret_of_a_volume_is_told(space):
    """A Secret of a volume that is not there is ConfigMissing, by its name, and so says the 504."""
    space.tells("volume", "ConfigMissing", 'secret "mounted-keys" not found', "spec.podTemplate")
    space.refuses("volume", "ConfigMissing")


def test_what_was_missing_clears_it(mended):
    """Once they are there the agents take requests; nobody has to touch an Agent."""
    for name in mended.made:
        mended.serves(name, REPLICASET_WITHIN)
