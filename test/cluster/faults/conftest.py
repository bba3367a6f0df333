# SPDX-License-Identifier: Apache-2.0
"""All faults are caused at once, told one after another, then all mended at once: they cost the time of the slowest."""

import pathlib

import pytest

import gateway as gateways
from harness import Row, forget, namespace_of
from registry import Registry

HERE = pathlib.Path(__file__).parent
DEADLINE = 300  # the first test of a run sits through all causes
_rows, _mended = {}, set()


def modules_of(session):
    return list(dict.fromkeys(item.module for item in session.items if hasattr(item.module, "cause")))


def pytest_collection_modifyitems(items):
    """Before any fault is mended, all have been looked at; a row that changes what others stand on comes last."""
    ours = [item for item in items if item.path.parent == HERE]
    others = [item for item in items if item.path.parent != HERE]
    place = next((i for i, item in enumerate(items) if item.path.parent == HERE), 0)
    ours.sort(key=lambda item: (hasattr(item.module, "ALONE"), "mended" in item.fixturenames))
    for item in ours:
        item.add_marker(pytest.mark.seconds(DEADLINE))
    items[:] = others[:place] + ours + others[place:]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """Nothing of a fault is left when other files' tests begin."""
    if (nextitem is None or nextitem.path.parent != HERE) and _rows:
        forget(next(iter(_rows.values())).cluster, [row.name for row in _rows.values()])


@pytest.fixture(scope="session")
def registry(cluster):
    found = Registry(cluster)
    yield found
    found.close()


def cause(cluster, registry, modules):
    forget(cluster, [namespace_of(module) for module in modules])
    for module in modules:
        _rows[module] = Row(cluster, gateways.service(cluster), registry, module)
        module.cause(_rows[module])
    for module in modules:
        _rows[module].wake()


@pytest.fixture(scope="session")
def caused(request, cluster, registry):
    cause(cluster, registry, [module for module in modules_of(request.session) if not hasattr(module, "ALONE")])


@pytest.fixture
def space(request, caused, cluster, registry):
    """The file's row, with its faults caused."""
    if request.module not in _rows:
        cause(cluster, registry, [request.module])
    return _rows[request.module]


def mend(modules):
    for module in modules:
        if module not in _mended:
            _mended.add(module)
            module.mend(_rows[module])


@pytest.fixture(scope="session")
def all_mended(caused):
    mend(list(_rows))


@pytest.fixture
def mended(request, space, all_mended):
    """The same row, its faults mended as their messages say."""
    mend([request.module])
    return space
