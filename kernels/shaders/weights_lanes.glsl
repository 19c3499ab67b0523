// Weights in the tiles layout of kernels/vulkan/weights.h, where the layout of each type's step
// is written down. Needs `uniform utextureBuffer weights`, a constant kLanes (the subgroup size)
// and one WEIGHT_type macro.
//
// Columns come in blocks of kBlockCols (32), kBlocksPerStep of them in a step:
//   Block load_block(int step_base, uint block)       what the lane's four rows need of a block;
//                                                     step_base: texel of the step for this lane
//   vec4 columns(Block b, uint r, uint quad)          weights of row r, columns 4 * quad to + 3
// Where a field stays shifted in its word, its scale is divided instead: a mask, a conversion
// and a multiply-add a weight. `precise`: a weight has the same bits in every variant of a kernel.

uvec4 step_texel(int step_base, uint i) { return texelFetch(weights, step_base + int(i * kLanes)); }

const uint kBlockCols = 32;

#if defined(WEIGHT_F32)
const uint kStepTexels = 32;
const uint kBlocksPerStep = 1;
struct Block { int base; };
Block load_block(int step_base, uint block) { return Block(step_base); }
vec4 columns(Block b, uint r, uint quad) {
  return uintBitsToFloat(step_texel(b.base, r * 8 + quad));
}

#elif defined(WEIGHT_F16) || defined(WEIGHT_BF16)
const uint kStepTexels = 16;
const uint kBlocksPerStep = 1;
struct Block { int base; };
Block load_block(int step_base, uint block) { return Block(step_base); }
vec4 columns(Block b, uint r, uint quad) {
  const uvec4 texel = step_texel(b.base, r * 4 + quad / 2);
  const uvec2 words = quad % 2 == 0 ? texel.xy : texel.zw;
#if defined(WEIGHT_F16)
  return vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));
#else
  return uintBitsToFloat(uvec4(words.x << 16, words.x & 0xffff0000u,
                               words.y << 16, words.y & 0xffff0000u));
#endif
}

#else  // quantized
// Four bytes of a word as floats, the middle two still multiplied by 2^8 and 2^16.
vec4 shifted_bytes(uint word) {
  return vec4(float(int(word & 0xffu)), float(int(word & 0xff00u)),
              float(int(word & 0xff0000u)), float(int(word >> 24)));
}
const vec4 kUnshiftBytes = vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, 1.0);

// The low four nibbles of a word as floats, still multiplied by 2^0, 2^4, 2^8 and 2^12.
vec4 shifted_nibbles(uint word) {
  return vec4(float(int(word & 0xfu)), float(int(word & 0xf0u)),
              float(int(word & 0xf00u)), float(int(word & 0xf000u)));
}
const vec4 kUnshiftNibbles = vec4(1.0, 1.0 / 16.0, 1.0 / 256.0, 1.0 / 4096.0);

#if defined(WEIGHT_Q8_0)
const uint kStepTexels = 9;
const uint kBlocksPerStep = 1;
struct Block {
  uvec4 q[8];
  vec4 d;
};
Block load_block(int step_base, uint block) {
  Block b;
  [[unroll]] for (uint i = 0; i < 8; ++i) b.q[i] = step_texel(step_base, i);
  b.d = uintBitsToFloat(step_texel(step_base, 8));
  return b;
}
vec4 columns(Block b, uint r, uint quad) {
  const uint word = b.q[r * 2 + quad / 4][quad % 4];
  precise vec4 w = fma(shifted_bytes(word), b.d[r] * kUnshiftBytes, vec4(-128.0 * b.d[r]));
  return w;
}

#elif defined(WEIGHT_Q4_0) || defined(WEIGHT_Q4_1) || defined(WEIGHT_Q4_K)
struct Block {
  uvec4 q[4];
  vec4 d;  // of each row
  vec4 m;  // added
};
#if defined(WEIGHT_Q4_K)
const uint kStepTexels = 37;
const uint kBlocksPerStep = 8;
#else
const uint kStepTexels = 5;
const uint kBlocksPerStep = 1;
#endif
Block load_block(int step_base, uint block) {
  Block b;
  [[unroll]] for (uint r = 0; r < 4; ++r) b.q[r] = step_texel(step_base, block * 4 + r);
#if defined(WEIGHT_Q4_0)
  b.d = uintBitsToFloat(step_texel(step_base, 4));
  b.m = -8.0 * b.d;
#elif defined(WEIGHT_Q4_1)
  const uvec4 head = step_texel(step_base, 4);
  [[unroll]] for (uint r = 0; r < 4; ++r) {
    const vec2 dm = unpackHalf2x16(head[r]);
    b.d[r] = dm.x;
    b.m[r] = dm.y;
  }
#else
  const uvec4 head = step_texel(step_base, 36);
  const uvec4 scales = step_texel(step_base, 32 + block / 2) >> block % 2 * 16;
  [[unroll]] for (uint r = 0; r < 4; ++r) {
    const vec2 dm = unpackHalf2x16(head[r]);
    b.d[r] = dm.x * float(int(scales[r] & 0xffu));
    b.m[r] = -dm.y * float(int(scales[r] >> 8 & 0xffu));
  }
#endif
  return b;
}
vec4 columns(Block b, uint r, uint quad) {
  const uint word = b.q[r][quad / 2] >> quad % 2 * 16;
  precise vec4 w = fma(shifted_nibbles(word), b.d[r] * kUnshiftNibbles, vec4(b.m[r]));
  return w;
}

#elif defined(WEIGHT_Q5_0) || defined(WEIGHT_Q5_1) || defined(WEIGHT_Q5_K)
struct Block {
  uvec4 q[4];
  uvec4 fifth;  // of each row, a bit a column
  vec4 d;
  vec4 m;
};
#if defined(WEIGHT_Q5_K)
const uint kStepTexels = 45;
const uint kBlocksPerStep = 8;
#else
const uint kStepTexels = 6;
const uint kBlocksPerStep = 1;
#endif
Block load_block(int step_base, uint block) {
  Block b;
  [[unroll]] for (uint r = 0; r < 4; ++r) b.q[r] = step_texel(step_base, block * 4 + r);
#if defined(WEIGHT_Q5_0)
  b.fifth = step_texel(step_base, 4);
  b.d = uintBitsToFloat(step_texel(step_base, 5));
  b.m = -16.0 * b.d;
#elif defined(WEIGHT_Q5_1)
  b.fifth = step_texel(step_base, 4);
  const uvec4 head = step_texel(step_base, 5);
  [[unroll]] for (uint r = 0; r < 4; ++r) {
    const vec2 dm = unpackHalf2x16(head[r]);
    b.d[r] = dm.x;
    b.m[r] = dm.y;
  }
#else
  b.fifth = step_texel(step_base, 32 + block);
  const uvec4 head = step_texel(step_base, 44);
  const uvec4 scales = step_texel(step_base, 40 + block / 2) >> block % 2 * 16;
  [[unroll]] for (uint r = 0; r < 4; ++r) {
    const vec2 dm = unpackHalf2x16(head[r]);
    b.d[r] = dm.x * float(int(scales[r] & 0xffu));
    b.m[r] = -dm.y * float(int(scales[r] >> 8 & 0xffu));
  }
#endif
  return b;
}
vec4 columns(Block b, uint r, uint quad) {
  const uint word = b.q[r][quad / 2] >> quad % 2 * 16;
  const uint bits = b.fifth[r] >> quad * 4;
  const vec4 fifth = vec4(ivec4(bits & 1u, bits & 2u, bits & 4u, bits & 8u)) *
                     vec4(16.0, 8.0, 4.0, 2.0);
  precise vec4 w = fma(fma(shifted_nibbles(word), kUnshiftNibbles, fifth), vec4(b.d[r]), vec4(b.m[r]));
  return w;
}

#elif defined(WEIGHT_Q6_K)
const uint kStepTexels = 53;
const uint kBlocksPerStep = 8;
struct Block {
  uvec4 q[4];
  uvec4 tops[2];  // of each row, two bits a column, 16 columns each
  vec4 d[2];      // likewise
};
Block load_block(int step_base, uint block) {
  Block b;
  [[unroll]] for (uint r = 0; r < 4; ++r) b.q[r] = step_texel(step_base, block * 4 + r);
  const vec4 d = uintBitsToFloat(step_texel(step_base, 52));
  const uvec4 scales = step_texel(step_base, 48 + block / 2) >> block % 2 * 16;
  [[unroll]] for (uint i = 0; i < 2; ++i) {
    b.tops[i] = step_texel(step_base, 32 + block * 2 + i);
    b.d[i] = d * (vec4(ivec4(scales >> i * 8 & 0xffu)) - 128.0);
  }
  return b;
}
vec4 columns(Block b, uint r, uint quad) {
  const uint word = b.q[r][quad / 2] >> quad % 2 * 16;
  const uint bits = b.tops[quad / 4][r] >> quad % 4 * 8;
  const vec4 tops = vec4(ivec4(bits & 3u, bits & 12u, bits & 48u, bits & 192u)) *
                    vec4(16.0, 4.0, 1.0, 0.25);
  const float d = b.d[quad / 4][r];
  precise vec4 w = fma(fma(shifted_nibbles(word), kUnshiftNibbles, tops), vec4(d), vec4(-32.0 * d));
  return w;
}
#endif
#endif
