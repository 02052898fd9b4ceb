"""Export an encoder to ONNX: eager attention, fused by ONNX Runtime, quantised to int8."""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

from training.fake_int8 import FakeInt8Linear, Rounding, set_rounding

if TYPE_CHECKING:
    from transformers import BertModel

_WEIGHT_LEVELS = 64  # as quantize_dynamic takes in reduced range
_HALF_LEVELS = 127
BLOCK = 32  # values that share a scale; 128 is 12 % faster, a third of the way back to int8
OPSET = 17  # newest opset whose BERT patterns the optimiser of ONNX Runtime knows


class _LastHiddenState(torch.nn.Module):
    """The encoder with positional inputs and one output, as tracing wants it."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Token states. Shape: (batch, seq) twice -> (batch, seq, width)."""
        output = self.bert(input_ids=input_ids, attention_mask=attention_mask)
        states: torch.Tensor = output.last_hidden_state
        return states


def export_encoder(model: BertModel, path: Path, *, quantisation: str | None = "int8") -> None:
    """Write ``input_ids``, ``attention_mask`` -> ``token_states`` as one ONNX file.

    Parameters
    ----------
    model : BertModel
        Loaded with ``attn_implementation="eager"``; other attention does not fuse.
    path : Path
        File to write.
    quantisation : str or None, default="int8"
        ``int8``: weights per output channel in 7 bits, so that AVX2 machines without VNNI
        cannot saturate; activations get one scale a verbatim while serving. ``w8a16``: the same
        weights, activations in 16 bits. ``int8_blocks``: weights and activations get a scale for
        every 32 values of a row. None leaves float32.
    """
    if next(model.parameters()).device.type != "cpu":  # tracing is done on the processor
        model = copy.deepcopy(model).cpu()
    model.train(False)
    set_rounding(model, Rounding.NONE)
    model.set_attn_implementation("eager")
    example = torch.ones((2, 8), dtype=torch.long)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
        plain, fused = Path(scratch) / "plain.onnx", Path(scratch) / "fused.onnx"
        torch.onnx.export(
            _LastHiddenState(model).eval(),  # tracing gives back the mode it found
            (example, example),
            str(plain),
            input_names=["input_ids", "attention_mask"],
            output_names=["token_states"],
            dynamic_axes={
                name: {0: "batch", 1: "sequence"}
                for name in ("input_ids", "attention_mask", "token_states")
            },
            opset_version=OPSET,
            dynamo=False,
        )
        options = FusionOptions("bert")
        options.enable_embed_layer_norm = False  # the embedding is quantised by row below
        # Fused attention multiplies in plain int8: other products stand beside its kernel.
        options.use_multi_head_attention = quantisation in ("w8a16", "int8_blocks")
        optimised = optimizer.optimize_model(
            str(plain),
            model_type="bert",
            num_heads=model.config.num_attention_heads,
            hidden_size=model.config.hidden_size,
            optimization_options=options,
            opt_level=0,
        )
        if quantisation in ("int8", "w8a16"):
            smoothing = _smoothing_by_product(model, is_fused=quantisation == "int8")
            smooth_inputs(optimised.model.graph, smoothing)
        optimised.save_model_to_file(str(fused))
        if quantisation is None:
            path.write_bytes(fused.read_bytes())
            return
        if quantisation == "int8":
            quantize_dynamic(
                fused,
                path,
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                op_types_to_quantize=["MatMul", "Attention"],
                extra_options={"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT},
            )
            graph = onnx.load(path)
        else:
            graph = onnx.load(fused)
            quantise = quantise_blocks if quantisation == "int8_blocks" else quantise_halves
            quantise(graph.graph)
    quantise_word_embedding(graph.graph)
    onnx.save(graph, path)


def _smoothing_by_product(model: BertModel, *, is_fused: bool) -> list[np.ndarray]:
    """Smoothing of the products of each layer in the order of the graph.

    Query, key and value, which share theirs, are one product where attention is fused.
    """
    found = []
    layers: Any = model.encoder.layer
    for layer in layers:
        attention = layer.attention
        for linear in (
            *[attention.self.query] * (1 if is_fused else 3),
            attention.output.dense,
            layer.intermediate.dense,
            layer.output.dense,
        ):
            if isinstance(linear, FakeInt8Linear):
                found.append(linear.smoothing.numpy())
    return found


def smooth_inputs(graph: onnx.GraphProto, smoothing: list[np.ndarray]) -> None:
    """Divide the input of each constant product by its smoothing, multiply its weights with it.

    Parameters
    ----------
    graph : GraphProto
        Fused, in float32; changed in place. Without smoothing it stays as it is.
    smoothing : list of ndarray of shape (in,)
        One per ``Attention`` or ``MatMul`` node with constant weights, in the graph's order;
        products with one input share theirs.
    """
    if not smoothing:
        return
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    products = [
        node
        for node in graph.node
        if node.op_type in ("Attention", "MatMul") and node.input[1] in tensors
    ]
    if len(products) != len(smoothing):
        raise ValueError(f"{len(smoothing)} smoothed layers, but {len(products)} in the graph")
    smoothed: dict[str, str] = {}
    for node, factors in zip(products, smoothing, strict=True):
        weight = tensors[node.input[1]]
        scaled = numpy_helper.to_array(weight) * factors[:, None]
        weight.CopyFrom(numpy_helper.from_array(scaled.astype(np.float32), weight.name))
        source = node.input[0]
        if source not in smoothed:
            smoothed[source] = f"{source}_smoothed"
            inverse = (1.0 / factors).astype(np.float32)
            graph.initializer.append(numpy_helper.from_array(inverse, f"{source}_smoothing"))
            divide = helper.make_node("Mul", [source, f"{source}_smoothing"], [smoothed[source]])
            graph.node.insert(list(graph.node).index(node), divide)
        node.input[0] = smoothed[source]


def quantise_halves(graph: onnx.GraphProto) -> None:
    """Turn each product with constant weights into an int8 one of two halves of its input.

    The input is rounded to 127 levels of its largest value, and what that leaves to 127 levels
    of half a step: 16 bits between them. Both halves are multiplied at once, as two texts are,
    and added up. Weights get 7 bits and a scale per output channel.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}

    def keep(name: str, values: np.ndarray) -> str:
        if name not in tensors:
            tensors[name] = numpy_helper.from_array(values, name)
            graph.initializer.append(tensors[name])
        return name

    middle = keep("halves_middle", np.array(128, dtype=np.uint8))
    smallest = keep("halves_smallest", np.array(1e-12, dtype=np.float32))
    step = keep("halves_step", np.array(1 / _HALF_LEVELS, dtype=np.float32))
    fine = keep("halves_fine", np.array(1 / (2 * _HALF_LEVELS), dtype=np.float32))
    nodes: list[onnx.NodeProto] = []
    halves: dict[str, tuple[str, str]] = {}
    replaced = set()

    def add(kind: str, inputs: list[str], outputs: list[str], **options: Any) -> None:
        nodes.append(helper.make_node(kind, inputs, outputs, **options))

    def halve(source: str) -> tuple[str, str]:
        """Names of both halves, one after the other along the batch, and of their scale."""
        parts = ("size", "largest", "level", "scale", "high", "coarse", "rest", "unit", "low")
        at = {part: f"{source}_{part}" for part in parts}
        add("Abs", [source], [at["size"]])
        add("ReduceMax", [at["size"]], [at["largest"]], keepdims=0)
        add("Max", [at["largest"], smallest], [at["level"]])
        add("Mul", [at["level"], step], [at["scale"]])
        add("QuantizeLinear", [source, at["scale"], middle], [at["high"]])
        add("DequantizeLinear", [at["high"], at["scale"], middle], [at["coarse"]])
        add("Sub", [source, at["coarse"]], [at["rest"]])
        add("Mul", [at["scale"], fine], [at["unit"]])
        add("QuantizeLinear", [at["rest"], at["unit"], middle], [at["low"]])
        add("Concat", [at["high"], at["low"]], [f"{source}_halves"], axis=0)
        return f"{source}_halves", at["scale"]

    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in tensors:
            nodes.append(node)
            continue
        source, name, output = node.input[0], node.input[1], node.output[0]
        if source not in halves:
            halves[source] = halve(source)
        both, scale = halves[source]
        weight = numpy_helper.to_array(tensors[name])
        scales = np.maximum(np.abs(weight).max(axis=0), 1e-12).astype(np.float32) / _WEIGHT_LEVELS
        levels = np.round(weight / scales).astype(np.int8)
        replaced.add(name)
        inputs = [
            both,
            keep(f"{name}_levels", levels),
            scale,
            keep(f"{name}_scales", scales),
            middle,
            keep(f"{name}_zeros", np.zeros(len(scales), dtype=np.int8)),
        ]
        add("MatMulIntegerToFloat", inputs, [f"{output}_halves"], domain="com.microsoft")
        add("Split", [f"{output}_halves"], [f"{output}_high", f"{output}_low"], axis=0)
        add("Mul", [f"{output}_low", fine], [f"{output}_small"])
        add("Add", [f"{output}_high", f"{output}_small"], [output])
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)
    for name in replaced:
        graph.initializer.remove(tensors[name])


def quantise_blocks(graph: onnx.GraphProto) -> None:
    """Turn each product with constant weights into ``MatMulNBits`` with 8 bits.

    Its kernel rounds weights and activations by blocks of a row, so that a large channel costs
    only its own block some levels, and a text's states depend on no other row. Weights are
    symmetric: level 128 stands for zero.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    uses = Counter(name for node in graph.node for name in node.input)
    for place, node in enumerate(graph.node):
        if node.op_type != "MatMul" or node.input[1] not in tensors:
            continue
        name = node.input[1]
        weight = numpy_helper.to_array(tensors[name]).T  # rows are outputs
        n_out, n_in = weight.shape
        if n_in % BLOCK:
            raise ValueError(f"{name}: {n_in} inputs are no multiple of {BLOCK}")
        blocks = weight.reshape(n_out, n_in // BLOCK, BLOCK)
        scales = np.maximum(np.abs(blocks).max(axis=2), 1e-12) / 127.0
        levels = np.round(blocks / scales[:, :, None]) + 128.0
        parts = {f"{name}_levels": levels.astype(np.uint8), f"{name}_scales": scales.ravel()}
        if f"{name}_levels" not in tensors:
            for part, values in parts.items():
                tensors[part] = numpy_helper.from_array(values, part)
                graph.initializer.append(tensors[part])
        product = helper.make_node(
            "MatMulNBits",
            [node.input[0], *parts],
            list(node.output),
            name=node.name,
            domain="com.microsoft",
            K=n_in,
            N=n_out,
            bits=8,
            block_size=BLOCK,
            accuracy_level=4,  # int8 activations
        )
        graph.node[place].CopyFrom(product)
        uses[name] -= 1
        if not uses[name]:
            graph.initializer.remove(tensors[name])


def quantise_word_embedding(graph: onnx.GraphProto) -> None:
    """Store the largest gathered table as int8 with one scale a row.

    ``Gather(table, ids)`` becomes ``Cast(Gather(int8 table, ids)) * Gather(scales, ids)``.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    node = max(
        (node for node in graph.node if node.op_type == "Gather" and node.input[0] in tensors),
        key=lambda node: int(np.prod(tensors[node.input[0]].dims)),
    )
    table = numpy_helper.to_array(tensors[node.input[0]])
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-8) / 127.0
    rows = np.round(table / scales).astype(np.int8)
    name, ids, output = node.input[0], node.input[1], node.output[0]
    graph.initializer.remove(tensors[name])
    graph.initializer.append(numpy_helper.from_array(rows, f"{name}_int8"))
    graph.initializer.append(numpy_helper.from_array(scales.astype(np.float32), f"{name}_scale"))
    place = list(graph.node).index(node)
    graph.node.remove(node)
    replacement = [
        helper.make_node("Gather", [f"{name}_int8", ids], [f"{output}_int8"]),
        helper.make_node("Cast", [f"{output}_int8"], [f"{output}_float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{name}_scale", ids], [f"{output}_scale"]),
        helper.make_node("Mul", [f"{output}_float", f"{output}_scale"], [output]),
    ]
    for offset, new in enumerate(replacement):
        graph.node.insert(place + offset, new)
