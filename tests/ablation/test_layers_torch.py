"""Modules of PyTorch models as components."""

from __future__ import annotations

import copy
import importlib.util
import threading
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pytest

from trimma.ablation.layers import Layers
from trimma.ablation.layers.layer_remover import Clash
from trimma.ablation.layers.model_argument import RemovalOptions
from trimma.ablation.layers.suggest_groups import working_groups
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

pytestmark = pytest.mark.xdist_group("torch")


@pytest.fixture(scope="module")
def nets() -> SimpleNamespace:
    """Small models, made anew by each call."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed: see tools/install-torch")
    import torch
    from torch import nn

    def chain(width: int = 8) -> nn.Module:
        """For images of 28 x 28 with one channel."""
        names = ["conv1", "relu1", "conv2", "relu2", "pool2", "conv3", "relu3", "drop", "flat", "fc1", "relu4", "fc2"]
        layers = [
            nn.Conv2d(1, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Flatten(), nn.Linear(2 * width * 14 * 14, 16), nn.ReLU(), nn.Linear(16, 10),
        ]  # fmt: skip
        model = nn.Sequential()
        for name, layer in zip(names, layers, strict=True):
            model.add_module(name, layer)
        return model

    class Block(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.conv = nn.Conv2d(width, width, 3, padding=1)
            self.norm = nn.BatchNorm2d(width)
            self.act = nn.ReLU(inplace=True)

        def forward(self, x: Any) -> Any:
            out = self.norm(self.conv(x))
            out += x
            return self.act(out)

    class Residual(nn.Module):
        def __init__(self, width: int = 4) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3, padding=1)
            self.blocks = nn.ModuleList([Block(width), Block(width)])
            self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, width, 1), nn.Sigmoid())
            self.head = nn.Linear(width, 5)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            for block in self.blocks:
                x = block(x)
            x = x * self.gate(x)
            return self.head(x.mean((2, 3)))

    class Branches(nn.Module):
        """Two branches that are put side by side."""

        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Linear(6, 4), nn.Linear(6, 6)
            self.wide = nn.Linear(6, 4)
            self.head = nn.Linear(14, 2)

        def forward(self, x: Any) -> Any:
            return self.head(torch.cat([self.left(x), self.right(x), self.wide(x)], 1))

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(20, 8)
            self.place = nn.Embedding(100, 8)
            self.lstm = nn.LSTM(8, 8, batch_first=True)
            self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
            self.mix = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.head = nn.Linear(8, 3)

        def forward(self, words: Any) -> Any:
            x = self.embed(words) + self.place(torch.arange(words.shape[1]))
            x, _ = self.lstm(x)
            x, _ = self.attend(x, x, x)
            return self.head(self.mix(x, None)[:, -1])

    return SimpleNamespace(
        nn=nn, torch=torch, chain=chain, Residual=Residual, Branches=Branches, Recurrent=Recurrent, Block=Block
    )


def names(layers: Layers, model: Any, **params: Any) -> list[str]:
    return [component.name for component in layers.components(Inputs(params=params, model=model))]


def without(layers: Layers, model: Any, **params: Any) -> Any:
    inputs = Inputs(params=params, model=model)
    return layers.remove(inputs, layers.components(inputs)).model


def test_what_connects_is_listed(nets: SimpleNamespace) -> None:
    # neither ends, nor what changes shapes
    assert names(Layers(), nets.chain()) == ["relu1", "relu2", "conv3", "relu3", "drop", "relu4"]
    assert names(Layers(), nets.chain) == names(Layers(), nets.chain())


def test_as_by_hand(nets: SimpleNamespace) -> None:
    torch, model = nets.torch, nets.chain()
    keys, before = set(model.state_dict()), cloudpickle.dumps(model)
    ablated = without(Layers("conv3"), model).eval()
    by_hand = torch.nn.Sequential(*(layer for name, layer in model.named_children() if name != "conv3")).eval()
    x = torch.randn(3, 1, 28, 28)
    assert torch.equal(ablated(x), by_hand(x))
    assert cloudpickle.dumps(model.train()) == before
    assert set(ablated.state_dict()) == {key for key in keys if not key.startswith("conv3")}
    assert isinstance(ablated.conv3, nets.nn.Identity)
    # nothing is shared with what other trials get
    assert ablated.fc2.weight is not model.fc2.weight


def test_a_copy_keeps_its_mode(nets: SimpleNamespace) -> None:
    assert without(Layers("conv3"), nets.chain().eval()).conv3.training is False
    assert without(Layers("conv3"), nets.chain()).training is True


def test_which_shapes_clash_and_what_would_connect(nets: SimpleNamespace) -> None:
    with pytest.raises(UsageError) as refused:
        names(Layers("conv2"), nets.chain())
    assert str(refused.value) == (
        "Layers: without 'conv2', 'conv3' gets shape (2, 8, 14, 14) where it takes (2, 16, 14, 14). "
        "No group of its neighbours connects either: replace it with tm.Variant(model=...). "
        "Or give adapt=True, for an adapter where the shapes differ."
    )
    nn = nets.nn
    stages = nn.Sequential(
        nn.Linear(4, 8), nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 2)
    )
    with pytest.raises(UsageError) as refused:
        names(Layers("1"), stages)
    assert "without '1', '3' gets shape (2, 8) where it takes (2, 32)" in str(refused.value)
    assert "Taken out together these connect: '1' + '2' + '3'." in str(refused.value)
    assert names(Layers(group=["1", "2", "3"]), stages) == ["1+2+3"]
    x = nets.torch.randn(5, 4)
    ablated = without(Layers(group=["1", "2", "3"]), stages)
    assert nets.torch.equal(ablated(x), nn.Sequential(stages[0], *stages[4:])(x))


def test_an_example_decides_where_none_can_be_guessed(nets: SimpleNamespace) -> None:
    torch, nn = nets.torch, nets.nn

    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix, self.squeeze, self.head = nn.Linear(6, 6), nn.Linear(6, 3), nn.Linear(3, 1)
            self.act = nn.ReLU()

        def forward(self, x: Any, scale: Any) -> Any:
            return self.head(self.squeeze(self.act(self.mix(x) * scale)))

    with pytest.raises(UsageError, match="without 'squeeze', 'squeeze' would no longer change the shape of"):
        names(Layers("squeeze"), Odd())
    assert names(Layers(), Odd()) == ["act"]
    for example in (
        (torch.ones(2, 6), torch.ones(6)),
        {"x": torch.ones(2, 6), "scale": 2.0},
        lambda: (torch.ones(2, 6), torch.ones(6)),
    ):
        with pytest.raises(UsageError, match=r"'head' gets shape \(2, 6\) where it takes \(2, 3\)"):
            names(Layers("squeeze", example=example), Odd())
        assert names(Layers(example=example), Odd()) == ["act"]
    with pytest.raises(UsageError, match="the model itself doesn't run on it"):
        names(Layers("act", example=(2, 5)), Odd())
    with pytest.raises(UsageError, match="a shape is of positive sizes"):
        names(Layers("act", example=(0, 5)), Odd())
    with pytest.raises(UsageError, match="str is no input"):
        names(Layers("act", example="5"), Odd())
    assert names(Layers(example=(2, 3, 9, 9)), nets.Residual())


def test_an_example_that_needs_real_numbers(nets: SimpleNamespace) -> None:
    nn = nets.nn

    class Chooses(nn.Sequential):
        def forward(self, x: Any) -> Any:
            return super().forward(x) if x.sum().item() >= 0 else x

    model = Chooses(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1))
    assert names(Layers(example=(2, 3)), model) == ["1"]


def test_adapters_only_where_shapes_clash(nets: SimpleNamespace) -> None:
    torch, nn = nets.torch, nets.nn
    model = nets.chain().eval()
    x = torch.randn(2, 1, 28, 28)
    ablated = without(Layers("conv2", "conv3", adapt=True), model)
    # one is enough
    assert isinstance(ablated.conv2, nn.Identity)
    assert (ablated.conv3.kernel_size, ablated.conv3.bias) == ((1, 1), None)
    passed = model.relu1(model.conv1(x))
    # what fits goes through as it is, the other channels begin at zero
    assert torch.equal(ablated.conv3(passed)[:, :8], passed)
    assert not ablated.conv3(passed)[:, 8:].any()
    assert ablated(x).shape == (2, 10)
    assert isinstance(without(Layers("conv3", adapt=True), model).conv3, nn.Identity)
    pooled = without(Layers("pool2", adapt=True), model)
    assert torch.equal(pooled.pool2(passed), nn.AvgPool2d(2)(passed))
    group = without(Layers(group=["conv2", "relu2", "pool2"], adapt=True), model)
    assert all(isinstance(part, nn.Identity) for part in (group.conv2, group.relu2))
    assert [type(part) for part in group.pool2] == [nn.AdaptiveAvgPool2d, nn.Conv2d]
    dense = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3), nn.ReLU(), nn.Linear(3, 2))
    linear = without(Layers("2", adapt=True), dense)[2]
    assert torch.equal(linear.weight, torch.eye(3, 6))
    assert names(Layers(adapt=True), dense) == ["1", "2", "3"]
    with pytest.raises(UsageError, match="and no adapter bridges it"):
        names(Layers("flat", adapt=True), model)


def test_an_adapter_is_where_the_model_is(nets: SimpleNamespace) -> None:
    model = nets.chain().to(nets.torch.float64)
    ablated = without(Layers("conv2", adapt=True), model)
    assert ablated.conv2.weight.dtype == nets.torch.float64


def test_a_branch_that_is_gone_adds_nothing(nets: SimpleNamespace) -> None:
    torch, model = nets.torch, nets.Residual().eval()
    x = torch.randn(2, 3, 8, 8)
    branch = ["blocks.0.conv", "blocks.0.norm"]
    ablated = without(Layers(group=branch), model)
    by_hand = copy.deepcopy(model)
    by_hand.blocks[0] = torch.nn.ReLU()
    assert torch.equal(ablated(x), by_hand(x))
    # a part of it passes on what it is given
    by_hand = copy.deepcopy(model)
    by_hand.blocks[0].conv = torch.nn.Identity()
    by_hand.blocks[0].act.inplace = False
    assert torch.allclose(without(Layers("blocks.0.conv"), model)(x), by_hand(x))
    gate = without(Layers("gate"), model)
    by_hand = copy.deepcopy(model)
    by_hand.gate = torch.nn.Sequential()
    by_hand.gate.forward = torch.ones_like
    assert torch.equal(gate(x), by_hand(x))


def test_a_sum_of_something_with_itself_stays(nets: SimpleNamespace) -> None:
    torch, nn = nets.torch, nets.nn

    class Doubles(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.head = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1)

        def forward(self, x: Any) -> Any:
            x = self.second(self.first(x))
            return self.head(x + x)

    model, x = Doubles(), torch.randn(4, 3)
    assert torch.equal(without(Layers("second"), model)(x), model.head(2 * model.first(x)))


@pytest.mark.parametrize("gone", ["near", "far", "last", "scale"])
def test_branches_of_longer_sums(nets: SimpleNamespace, gone: str) -> None:
    torch, nn = nets.torch, nets.nn

    class Parallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = nn.Linear(3, 3), nn.Linear(3, 1)
            self.near, self.far, self.last, self.scale = (nn.Linear(3, 3) for _ in range(4))

        def forward(self, x: Any, gone: str = "") -> Any:
            x = self.stem(x)
            branches = [layer(x) for name, layer in (("near", self.near), ("far", self.far)) if name != gone]
            x = sum(branches, x)
            if gone != "last":
                x = x + self.last(x)
            return self.head(x if gone == "scale" else x * self.scale(x))

    model, x = Parallel(), torch.randn(4, 3)
    assert torch.equal(without(Layers(gone), model)(x), model(x, gone))


def test_whole_blocks_and_prefixes(nets: SimpleNamespace) -> None:
    torch, model = nets.torch, nets.Residual().eval()
    x = torch.randn(2, 3, 8, 8)
    by_hand = copy.deepcopy(model)
    by_hand.blocks[1] = torch.nn.Identity()
    for layers in (Layers("blocks.1"), Layers(prefix="blocks.1"), Layers(group=["blocks.1", "blocks.1.conv"])):
        assert torch.equal(without(layers, model)(x), by_hand(x))
    inputs = Inputs(params={}, model=model)
    (block,) = Layers("blocks.1").components(inputs)
    assert block.members == ("blocks.1", "blocks.1.conv", "blocks.1.norm", "blocks.1.act")
    by_hand.blocks[0] = torch.nn.Identity()
    for layers in (Layers("blocks"), Layers(prefix="blocks"), Layers(kind="Block")):
        assert torch.equal(without(layers, model)(x), by_hand(x))
    assert Layers(kind="BatchNorm2d").components(inputs)[0].members == ("blocks.0.norm", "blocks.1.norm")


def test_branches_side_by_side(nets: SimpleNamespace) -> None:
    model = nets.Branches()
    assert names(Layers("right"), model) == ["right"]
    with pytest.raises(UsageError, match=r"'head' gets shape \(2, 16\) where it takes \(2, 14\)"):
        names(Layers("wide"), model)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("embed", "'embed' is the input layer"),
        ("head", "'head' is the output layer"),
        ("place", "'place' looks up whole numbers"),
        ("lstm", r"'lstm' is recurrent: it gives or takes more than one tensor.*tm\.Variant"),
        ("attend", r"'attend' is attention: it gives or takes more than one tensor.*tm\.Variant"),
        ("mix.linear1", "'mix.linear1' is reached into by what holds it"),
    ],
)
def test_refusals(nets: SimpleNamespace, name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        names(Layers(name), nets.Recurrent())


def test_a_layer_with_more_than_one_input(nets: SimpleNamespace) -> None:
    model = nets.Recurrent().eval()
    assert names(Layers(), model) == ["mix"]
    ablated = without(Layers("mix"), model)
    words = nets.torch.zeros(2, 5, dtype=nets.torch.long)
    model.mix.forward = lambda x, mask: x
    assert nets.torch.equal(ablated(words), model(words))


def test_more_refusals(nets: SimpleNamespace) -> None:
    nn = nets.nn
    shared = nn.ReLU()
    model = nn.Sequential(nn.Linear(3, 3), shared, nn.Linear(3, 3), shared, nn.Linear(3, 1))
    with pytest.raises(UsageError, match=r"'1' is one module in several places \(1, 3\).*tm\.Variant"):
        names(Layers("1"), model)
    assert names(Layers(), model) == ["2"]
    with pytest.raises(UsageError, match=r"'0' holds '0\.conv1', the input layer"):
        names(Layers("0"), nn.Sequential(nets.chain(), nn.ReLU()))
    with pytest.raises(UsageError, match="layers can't be taken out of a compiled model"):
        names(Layers("1"), nets.torch.jit.ScriptModule())
    with pytest.raises(UnknownName, match=r"there is no layer named 'conv4'; did you mean 'conv3'\?"):
        names(Layers("conv4"), nets.chain())


def test_norms_are_no_input_layers(nets: SimpleNamespace) -> None:
    nn = nets.nn
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 1), nn.LayerNorm(1))
    assert names(Layers(), model) == ["0", "2", "4"]


def test_lazy_modules(nets: SimpleNamespace) -> None:
    nn = nets.nn
    model = nn.Sequential(nn.LazyLinear(8), nn.LazyLinear(16), nn.LazyLinear(1))
    assert names(Layers("1", example=(2, 5)), model) == ["1"]
    with_conv = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.LazyLinear(8), nn.LazyLinear(1))
    assert names(Layers(), with_conv) == ["1", "3"]
    assert without(Layers("1", example=(2, 5)), model)(nets.torch.ones(2, 5)).shape == (2, 1)


def test_a_function_with_arguments(nets: SimpleNamespace) -> None:
    torch, chain = nets.torch, nets.chain

    def make(width: int) -> Any:
        return chain(width)

    ablated = cloudpickle.loads(cloudpickle.dumps(without(Layers("conv3"), make, width=4, lr=0.1)))
    torch.manual_seed(3)
    by_hand = make(6).eval()
    by_hand.conv3 = torch.nn.Identity()
    torch.manual_seed(3)
    x = torch.randn(2, 1, 28, 28)
    torch.manual_seed(3)
    assert torch.equal(ablated(width=6).eval()(x), by_hand(x))
    # a class makes models too
    assert isinstance(without(Layers("blocks.0"), nets.Residual)(width=3).blocks[0], torch.nn.Identity)


def test_the_check_draws_no_random_numbers(nets: SimpleNamespace) -> None:
    torch, model = nets.torch, nets.Residual()
    state = torch.get_rng_state()
    without(Layers("gate"), model)
    assert torch.equal(state, torch.get_rng_state())


def test_without_components_a_copy(nets: SimpleNamespace) -> None:
    model = nets.chain()
    whole = Layers().remove(Inputs(params={}, model=model), []).model
    assert whole is not model
    assert nets.torch.equal(whole.fc2.weight, model.fc2.weight)


def overwriting(nets: SimpleNamespace) -> dict[str, Any]:
    """Networks that write over what is used further on, each with an inert layer. They take tables of 6 columns."""
    torch, nn = nets.torch, nets.nn

    class Unused(nn.Module):
        """What its activations return isn't used, only what they write."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu1 = nn.Linear(6, 8), nn.ReLU(inplace=True)
            self.second, self.relu2 = nn.Linear(8, 8), nn.ReLU(inplace=True)
            self.inert, self.norm, self.head = nn.Dropout(0.0), nn.BatchNorm1d(8), nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            x = self.first(x)
            self.relu1(x)
            x = self.second(x)
            self.relu2(x)
            return self.head(self.norm(self.inert(x)))

    class Preactivated(nn.Module):
        """The first layer of its block writes over what goes around the block."""

        def __init__(self) -> None:
            super().__init__()
            self.stem, self.inert = nn.Linear(6, 8), nn.Dropout(0.0)
            self.block = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
            self.head = nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            x = self.inert(self.stem(x))
            out = self.block(x)
            out += x
            return self.head(out)

    class Branching(nn.Module):
        """Two branches that are put side by side, one of which begins with what another writes over."""

        def __init__(self) -> None:
            super().__init__()
            self.stem, self.left, self.right = nn.Linear(6, 4), nn.Linear(4, 4), nn.Linear(4, 4)
            self.act, self.inert, self.head = nn.ELU(inplace=True), nn.Identity(), nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            left = self.left(self.act(self.inert(x)))
            return self.head(torch.cat([left, self.act(self.right(x))], 1))

    return {"unused": Unused, "preactivated": Preactivated, "branching": Branching}


def trained(torch: Any, model: Any) -> list[Any]:
    """What the model gives after some steps, in training and in evaluation, with its weights and its statistics."""
    torch.manual_seed(5)
    x, y = torch.randn(12, 6), torch.randint(3, (12,))
    optimizer = torch.optim.SGD(model.train().parameters(), 0.1)
    for _ in range(5):
        optimizer.zero_grad()
        given = model(x)
        torch.nn.functional.cross_entropy(given, y).backward()
        optimizer.step()
    return [given, model.eval()(x), *(value for name, value in model.state_dict().items() if "inert" not in name)]


@pytest.mark.parametrize("kind", ["unused", "preactivated", "branching"])
@pytest.mark.parametrize("by", ["model", "function"])
def test_an_arm_differs_in_nothing_but_the_component(nets: SimpleNamespace, kind: str, by: str) -> None:
    torch, make = nets.torch, overwriting(nets)[kind]
    torch.manual_seed(1)
    user = make()

    def arm(layers: Layers, components: list[Any]) -> list[Any]:
        given = layers.remove(Inputs(params={}, model=user if by == "model" else make), components).model
        torch.manual_seed(1)
        return trained(torch, given if by == "model" else given())

    inert = Layers("inert")
    expected = trained(torch, copy.deepcopy(user))
    for components in ([], inert.components(Inputs(params={}, model=user))):
        found = arm(inert, list(components))
        assert len(found) == len(expected)
        assert all(map(torch.equal, found, expected))


def usual(nets: SimpleNamespace) -> dict[str, Any]:
    """Networks as they are usual, each with an inert layer. They take images of 8 x 8 with 3 channels."""
    torch, nn = nets.torch, nets.nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.conv = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
            self.norm, self.inert, self.act = nn.BatchNorm2d(4), nn.Dropout(0.0), nn.ReLU(inplace=True)
            self.flat, self.head = nn.Flatten(), nn.Linear(256, 3)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            return self.head(self.flat(self.act(self.inert(self.norm(self.conv(x))) + x)))

    class Inception(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.three = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 3, padding=1)
            self.pool, self.five = nn.MaxPool2d(3, 1, 1), nn.Conv2d(3, 2, 5, padding=2)
            self.act, self.inert, self.drop = nn.ReLU(inplace=True), nn.Identity(), nn.Dropout(0.3, inplace=True)
            self.flat, self.head = nn.Flatten(), nn.Linear(9 * 64, 3)

        def forward(self, x: Any) -> Any:
            branches = [self.one(x), self.act(self.three(x)), self.inert(self.pool(x)), self.act(self.five(x))]
            return self.head(self.flat(self.drop(torch.cat(branches, 1))))

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.cells, self.inert = nn.Flatten(2), nn.GRU(64, 5, batch_first=True), nn.Dropout1d(0.0)
            self.norm, self.head = nn.LayerNorm(5), nn.Linear(5, 3)

        def forward(self, x: Any) -> Any:
            return self.head(self.norm(self.inert(self.cells(self.flat(x))[0]))[:, -1])

    def plain() -> Any:
        layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(True), nn.Dropout(0.0, inplace=True), nn.Flatten()]
        names = ["conv", "norm", "act", "inert", "flat", "drop", "head"]
        model = nn.Sequential()
        for name, layer in zip(names, [*layers, nn.Dropout(0.2), nn.Linear(144, 3)], strict=True):
            model.add_module(name, layer)
        return model

    return {"residual": Residual, "inception": Inception, "recurrent": Recurrent, "plain": plain}


@pytest.mark.parametrize("kind", ["residual", "inception", "recurrent", "plain"])
def test_whole_and_arm_of_usual_networks_are_the_same_bit_for_bit(nets: SimpleNamespace, kind: str) -> None:
    torch = nets.torch
    torch.manual_seed(1)
    user = usual(nets)[kind]()
    x, y = torch.randn(6, 3, 8, 8), torch.randint(3, (6,))
    layers = Layers("inert", example=(2, 3, 8, 8))

    def outcome(model: Any) -> list[Any]:
        torch.manual_seed(5)
        before = model.eval()(x.clone())
        optimizer = torch.optim.Adam(model.train().parameters())
        for _ in range(3):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x.clone()), y).backward()
            optimizer.step()
        return [before, model.eval()(x.clone()), *model.state_dict().values()]

    state = copy.deepcopy(user.state_dict())
    expected = outcome(copy.deepcopy(user))
    inputs = Inputs(params={}, model=user)
    for components in ([], layers.components(inputs)):
        found = outcome(layers.remove(inputs, components).model)
        assert len(found) == len(expected)
        assert all(map(torch.equal, found, expected))
    assert all(map(torch.equal, state.values(), user.state_dict().values())), "the model itself stays as it is"


def test_a_copy_that_is_not_the_model_is_refused(nets: SimpleNamespace) -> None:
    torch, nn = nets.torch, nets.nn

    class Holding(nn.Module):
        """A function holds the module, so that copies share its layers."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu, self.head = nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)
            self.act = lambda x: self.relu(x)

        def forward(self, x: Any) -> Any:
            return self.head(self.act(self.first(x)))

    class Drawing(nn.Module):
        """Its copies have weights of their own."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu, self.head = nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)

        def __deepcopy__(self, memo: Any) -> Any:
            return type(self)()

        def forward(self, x: Any) -> Any:
            return self.head(self.relu(self.first(x)))

    class Modes(Drawing):
        """Its copies are in another mode."""

        def __deepcopy__(self, memo: Any) -> Any:
            other = type(self)()
            other.load_state_dict(self.state_dict())
            return other.eval()

    class Counting(Drawing):
        """What it gives depends on something that isn't copied."""

        scale: dict[int, float] = {}  # noqa: RUF012

        def __deepcopy__(self, memo: Any) -> Any:
            other = type(self)()
            other.load_state_dict(self.state_dict())
            return other

        def forward(self, x: Any) -> Any:
            return super().forward(x) * self.scale.setdefault(id(self), 1.0 + len(self.scale))

    for make, why in (
        (Holding, "still runs 'relu' of the model that was copied"),
        (Drawing, "has other values in 'first.weight'"),
        (Modes, "has another ''"),
        (Counting, "gives other outputs than the model"),
    ):
        model = make()
        if make is Counting:
            model(torch.zeros(2, 6))
        with pytest.raises(UsageError, match=f"{why}.*give a function that makes the model"):
            Layers("relu", example=(2, 6)).components(Inputs(params={}, model=model))


def test_what_is_not_compared(nets: SimpleNamespace) -> None:
    """A model that draws in evaluation, too, and one that hasn't its weights yet."""
    torch, nn = nets.torch, nets.nn

    class Sampling(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu, self.head = nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)
            self.generator = torch.Generator()

        def __deepcopy__(self, memo: Any) -> Any:
            other = type(self)()
            other.load_state_dict(self.state_dict())
            return other

        def forward(self, x: Any) -> Any:
            x = self.relu(self.first(x))
            return self.head(x + torch.rand(x.shape, generator=self.generator))

    lazy = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.Linear(8, 2))
    for model, name in ((Sampling(), "relu"), (lazy, "1")):
        (found,) = Layers(name, example=(2, 6)).components(Inputs(params={}, model=model))
        assert found.name == name
    assert isinstance(lazy[0], nn.LazyLinear)


def test_what_stands_in_keeps_the_other_branches_as_they_were(nets: SimpleNamespace) -> None:
    torch, nn = nets.torch, nets.nn

    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.gone, self.act = nn.Linear(6, 6), nn.Linear(6, 6), nn.ReLU(inplace=True)
            self.drop, self.head = nn.Dropout(0.5), nn.Linear(12, 2)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            return self.head(torch.cat([x, self.act(self.drop(self.gone(x)))], 1))

    model, x = Beside(), torch.randn(4, 6)
    stem = model.stem(x)
    for layers in (Layers("gone"), Layers(group=["gone", "drop"])):
        ablated = without(layers, model).eval()
        assert torch.equal(ablated(x), model.head(torch.cat([stem, stem.relu()], 1)))
    # a dropout gives a new tensor in training, and what it is given in evaluation
    ablated = without(Layers("drop"), model).train()
    assert torch.equal(ablated(x), model.head(torch.cat([stem, model.gone(stem).relu()], 1)))
    given = torch.randn(3)
    assert ablated.drop(given) is not given
    assert ablated.eval().drop(given) is given


def test_adapters_draw_no_random_numbers(nets: SimpleNamespace) -> None:
    torch, model = nets.torch, nets.chain()
    state = torch.get_rng_state()
    without(Layers("conv2", adapt=True), model)
    assert torch.equal(state, torch.get_rng_state())


def test_new_weights_where_they_are_asked_for(nets: SimpleNamespace) -> None:
    torch, nn, model = nets.torch, nets.nn, nets.chain()
    new = Layers("drop", weights="new")
    components = new.components(Inputs(params={}, model=model))
    state = torch.get_rng_state()

    def first(seed: int, gone: Any = components) -> Any:
        return new.remove(Inputs(params={}, model=model, seed=seed), gone).model.conv1.weight

    assert torch.equal(first(1), first(1))
    assert torch.equal(first(1), first(1, []))
    assert not torch.equal(first(1), first(2))
    assert not torch.equal(first(1), model.conv1.weight)
    assert torch.equal(state, torch.get_rng_state())

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

    with pytest.raises(UsageError, match=r"Own '1' has weights and no method reset_parameters\(\)"):
        names(Layers("2", weights="new"), nn.Sequential(nn.Linear(3, 3), Own(), nn.Linear(3, 3), nn.Linear(3, 1)))


def test_what_a_trial_trains(nets: SimpleNamespace) -> None:
    torch, model = nets.torch, nets.Residual()
    ablated = without(Layers(group=["blocks.0.conv", "blocks.0.norm"]), model)
    ablated(torch.randn(2, 3, 8, 8)).sum().backward()
    assert all(weight.grad is not None for weight in ablated.parameters())


def test_a_layer_that_is_never_run(nets: SimpleNamespace) -> None:
    nn = nets.nn

    class Spare(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1))
            self.spare = nn.Linear(3, 3)

        def forward(self, x: Any) -> Any:
            return self[2](self[1](self[0](x)))

    assert names(Layers(), Spare()) == ["1"]
    with pytest.raises(UsageError, match="without 'spare', 'spare' would still not be run"):
        names(Layers("spare"), Spare())


def test_a_model_that_cannot_be_copied(nets: SimpleNamespace) -> None:
    model = nets.chain()
    model.lock = threading.Lock()
    with pytest.raises(UsageError, match=r"the Sequential can't be copied .*: give a function that makes one"):
        without(Layers("drop"), model)
    with pytest.raises(UsageError, match="the Sequential can't be copied"):
        without(Layers("drop", example=(2, 1, 28, 28)), model)
    for name in ("pool2", "flat"):
        with pytest.raises(Clash, match=f"'{name}' would no longer change the shape of what it is given, and no input"):
            RemovalOptions().remover(model).check([name])


def test_what_a_model_gives_by_name(nets: SimpleNamespace) -> None:
    torch, nn = nets.torch, nets.nn

    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix, self.head, self.halve = nn.Linear(4, 4), nn.Linear(4, 4), nn.AvgPool1d(2)

        def forward(self, x: Any) -> Any:
            return {"found": self.halve(self.head(self.mix(x))), "all": [x, None]}

    with pytest.raises(
        UsageError, match=r"the model gives shapes {'found': \(2, 4\), .* instead of .*'found': \(2, 2\)"
    ):
        names(Layers("halve"), Named())
    assert without(Layers("halve", adapt=True), Named())(torch.ones(2, 4))["found"].shape == (2, 2)


def test_a_layer_that_is_missing_in_what_the_objective_makes(nets: SimpleNamespace) -> None:
    def make(depth: int = 5) -> Any:
        return nets.nn.Sequential(*(nets.nn.Linear(2, 2) for _ in range(depth)))

    ablated = without(Layers("3"), make)
    assert len(ablated()) == 5
    with pytest.raises(UsageError, match="this Sequential has no layer '3'"):
        ablated(depth=3)
    with pytest.raises(UsageError, match="without '1', '2' gets shape"):
        RemovalOptions().without(nets.nn.Sequential(*(nets.nn.Linear(n, n + 1) for n in range(2, 6))), ["1"])


def test_groups_of_neighbours() -> None:
    def check(names: Any) -> None:
        if not ({"b", "c"} <= set(names) or {"x"} <= set(names)):
            raise Clash("no")

    assert working_groups("abcd", ["b"], check) == [("b", "c")]
    assert working_groups("abcd", ["d"], check) == [("b", "c", "d")]
    assert working_groups("abcd", ["z"], check) == []
    # far apart: what keeps the first of them from connecting
    assert working_groups("xaaaaaaaaaaabc", ["x", "b"], check) == [("b", "c")]
    assert working_groups("aaaaaaaaaa", ["a"], check) == []
