// What a matmul does with a result; see Epilogue in kernels/backend.h. Needs the buffers bias,
// gate and result, and the push constants out_rows and epilogue (EPILOGUE_ bits).

const uint kEpilogueBias = 1;
const uint kEpilogueSilu = 2;
const uint kEpilogueGelu = 4;
const uint kEpilogueAccumulate = 8;

// `precise` throughout, so that a result has the same bits from every variant of a kernel.
float silu(float x) {
  precise float y = x / (1.0 + exp(-x));
  return y;
}

// The tanh approximation; x * sigmoid(2u) is 0.5 * x * (1 + tanh(u)).
float gelu(float x) {
  precise float u = 0.7978845608 * (x + 0.044715 * x * x * x);
  precise float y = x / (1.0 + exp(-2.0 * u));
  return y;
}

void finish(uint at, uint out_row, float acc) {
  precise float value = acc;
  if ((epilogue & kEpilogueBias) != 0) value += bias[out_row];
  if ((epilogue & kEpilogueSilu) != 0) value *= silu(gate[at]);
  if ((epilogue & kEpilogueGelu) != 0) value *= gelu(gate[at]);
  if ((epilogue & kEpilogueAccumulate) != 0) value += result[at];
  result[at] = value;
}
