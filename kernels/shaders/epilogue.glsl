// What a matmul does with its results; see Epilogue in kernels/backend.h. Needs the buffers bias,
// gate, result, result_1 and result_2, the push constants out_rows, split_1 and split_2 (where the
// rows of result_1 and result_2 begin) and `epilogue`, the bits below.
//
// `precise` throughout, so that a result has the same bits from every variant of a kernel.

const uint kEpilogueBias = 1;
const uint kEpilogueSilu = 2;
const uint kEpilogueGelu = 4;
const uint kEpilogueAccumulate = 8;
const uint kEpiloguePairs = 16;
const uint kEpilogueSplit = 32;

bool has_epilogue(uint bits) { return (epilogue & bits) != 0; }

// gelu: the tanh approximation; x * sigmoid(2u) is 0.5 * x * (1 + tanh(u)).
float activation(float x) {
  precise float u = x;
  if (has_epilogue(kEpilogueGelu)) u = 1.5957691216 * (x + 0.044715 * x * x * x);
  precise float y = x / (1.0 + exp(-u));
  return y;
}

// acc of row `row` of W for row `token` of `in`.
void finish(uint token, uint row, float acc) {
  const uint at = token * out_rows + row;
  precise float value = acc;
  if (has_epilogue(kEpilogueBias)) value += bias[row];
  if (has_epilogue(kEpilogueSplit)) {
    if (row < split_1) {
      result[token * split_1 + row] = value;
    } else if (row < split_2) {
      result_1[token * (split_2 - split_1) + row - split_1] = value;
    } else {
      result_2[token * (out_rows - split_2) + row - split_2] = value;
    }
    return;
  }
  if (has_epilogue(kEpilogueSilu | kEpilogueGelu)) value *= activation(gate[at]);
  if (has_epilogue(kEpilogueAccumulate)) value += result[at];
  result[at] = value;
}

// With kEpiloguePairs: of rows `row`, an even one, and row + 1.
void finish_pair(uint token, uint row, float gate_acc, float acc) {
  const uint at = (token * out_rows + row) / 2;
  precise float gate_value = gate_acc;
  precise float value = acc;
  if (has_epilogue(kEpilogueBias)) {
    gate_value += bias[row];
    value += bias[row + 1];
  }
  value *= activation(gate_value);
  if (has_epilogue(kEpilogueAccumulate)) value += result[at];
  result[at] = value;
}
