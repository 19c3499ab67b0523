// What a matmul does with a result; see Epilogue in kernels/backend.h. Needs the buffers bias,
// gate and result, and the push constants out_rows and epilogue (EPILOGUE_ bits).

const uint kEpilogueBias = 1;
const uint kEpilogueSilu = 2;
const uint kEpilogueGelu = 4;
const uint kEpilogueAccumulate = 8;

float silu(float x) { return x / (1.0 + exp(-x)); }

// The tanh approximation; x * sigmoid(2u) is 0.5 * x * (1 + tanh(u)).
float gelu(float x) {
  const float u = 0.7978845608 * (x + 0.044715 * x * x * x);
  return x / (1.0 + exp(-2.0 * u));
}

void finish(uint at, uint out_row, float acc) {
  if ((epilogue & kEpilogueBias) != 0) acc += bias[out_row];
  if ((epilogue & kEpilogueSilu) != 0) acc *= silu(gate[at]);
  if ((epilogue & kEpilogueGelu) != 0) acc *= gelu(gate[at]);
  if ((epilogue & kEpilogueAccumulate) != 0) acc += result[at];
  result[at] = acc;
}
