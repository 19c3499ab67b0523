// Paged attention with online softmax (Milakov and Gimelshein, 2018; Dao et al., 2022) for
// kHeads query heads that share one KV head, one row:
//   out[h, :] = sum over j of softmax_j(scale * q[h] . K[j]) * V[j],   first <= j <= position
// where first = position - window + 1 with a sliding window, and with kSoftcap scores become
// softcap * tanh(scores / softcap).
//
// A subgroup works through tiles of kRepeats * subgroup size positions: for q . K its lanes are
// positions; for p . V they are (position group, texel of 8 head elements). The subgroups of a
// workgroup take turns at tiles and are combined at the end.
//
// set 0  binding 0  q             f32 [n_rows, n_heads * head_dim], 4 to a texel
//        binding 1  cache         f16 K then V, each [block][kv_head][pos_in_block][head_dim],
//                                 8 to a texel
//        binding 2  positions     u32 [n_rows]
//        binding 3  sequences     u32 [n_rows]
//        binding 4  block_tables  u32 [max_sequences, blocks_per_sequence]
//        binding 5  out           f32 [n_rows, n_heads * head_dim]
// push   n_kv_heads, heads_per_kv_head, blocks_per_sequence, n_blocks, window, scale, softcap
// spec   0  workgroup size, kSubgroups * kSubgroupSize
//        1  kSubgroups
//        2  kSubgroupSize
//        3  kHeadDim, a multiple of 8
//        4  kHeads, a divisor of heads_per_kv_head
//        5  kRepeats
//        6  kBlockSize
//        7  kPositionGroups, at most max(1, kSubgroupSize / (kHeadDim / 8))
//        8  kSoftcap
//        9  kPreloadQ: q stays in registers (unrolled; for CPU drivers and small heads)
// dispatch  (n_heads / kHeads, n_rows)
#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kSubgroups = 1;
layout(constant_id = 2) const uint kSubgroupSize = 8;
layout(constant_id = 3) const uint kHeadDim = 64;
layout(constant_id = 4) const uint kHeads = 1;
layout(constant_id = 5) const uint kRepeats = 4;
layout(constant_id = 6) const uint kBlockSize = 16;
layout(constant_id = 7) const uint kPositionGroups = 1;
layout(constant_id = 8) const bool kSoftcap = false;
layout(constant_id = 9) const bool kPreloadQ = false;

layout(set = 0, binding = 0) uniform utextureBuffer q_texels;
layout(set = 0, binding = 1) uniform utextureBuffer cache;
layout(set = 0, binding = 2) readonly buffer Positions { uint positions[]; };
layout(set = 0, binding = 3) readonly buffer Sequences { uint sequences[]; };
layout(set = 0, binding = 4) readonly buffer BlockTables { uint block_tables[]; };
layout(set = 0, binding = 5) writeonly buffer Out { vec4 out_vectors[]; };

layout(push_constant) uniform Push {
  uint n_kv_heads;
  uint heads_per_kv_head;
  uint blocks_per_sequence;
  uint n_blocks;
  uint window;
  float scale;
  float softcap;
} push;

const uint kTile = kRepeats * kSubgroupSize;
const uint kHeadTexels = kHeadDim / 8;
const uint kTexelsPerLane = (kHeadTexels + kSubgroupSize - 1) / kSubgroupSize;
const uint kUnroll = 4;  // divides every subgroup size
const float kLog2E = 1.4426950408889634;
#define kMinusInfinity uintBitsToFloat(0xff800000)

shared float combine_max[kSubgroups];
shared float combine_sum[kSubgroups];
shared vec4 combine_values[kSubgroups * kHeadTexels * 2];

uint lane;
uint position;
uint first_position;
uint kv_head;
uint table;
uint q_begin;

// Per head: the running maximum of the scores (base 2), this lane's part of the sum of their
// exponentials, and its texels of the weighted values.
float maxima[kHeads];
float sums[kHeads];
vec4 values_low[kHeads * kTexelsPerLane];
vec4 values_high[kHeads * kTexelsPerLane];

vec4 q_registers[kPreloadQ ? kHeads * kHeadTexels * 2 : 1];

// Of the current tile: where this lane's keys begin (those of a visible position in any case:
// what is in other places of the cache may be NaN, which no zero weight would undo), its scores, later their weights, and the
// weights for one V texel.
uint texels[kRepeats];
float scores[kHeads * kRepeats];
float weights[kHeads];

// First K texel of a position.
uint key_texel(uint at) {
  const uint block = min(block_tables[table + at / kBlockSize], push.n_blocks - 1);
  return ((block * push.n_kv_heads + kv_head) * kBlockSize + at % kBlockSize) * kHeadTexels;
}

uint value_plane() { return push.n_blocks * push.n_kv_heads * kBlockSize * kHeadTexels; }

void unpack(uvec4 halves, out vec4 low, out vec4 high) {
  low = vec4(unpackHalf2x16(halves.x), unpackHalf2x16(halves.y));
  high = vec4(unpackHalf2x16(halves.z), unpackHalf2x16(halves.w));
}

vec4 load_q(uint i) { return uintBitsToFloat(texelFetch(q_texels, int(q_begin + i))); }

vec4 q_vector(uint i) { return kPreloadQ ? q_registers[i] : load_q(i); }

// Texel d of the heads' scores.
void add_scores(uint d) {
  vec4 low[kRepeats];
  vec4 high[kRepeats];
  [[unroll]] for (uint t = 0; t < kRepeats; ++t) {
    unpack(texelFetch(cache, int(texels[t] + d)), low[t], high[t]);
  }
  [[unroll]] for (uint h = 0; h < kHeads; ++h) {
    const vec4 q_low = q_vector((h * kHeadTexels + d) * 2);
    const vec4 q_high = q_vector((h * kHeadTexels + d) * 2 + 1);
    [[unroll]] for (uint t = 0; t < kRepeats; ++t) {
      scores[h * kRepeats + t] += dot(q_low, low[t]) + dot(q_high, high[t]);
    }
  }
}

void score_tile(uint tile_begin) {
  [[unroll]] for (uint t = 0; t < kRepeats; ++t) {
    texels[t] = key_texel(clamp(tile_begin + t * kSubgroupSize + lane, first_position, position));
  }
  [[unroll]] for (uint i = 0; i < kHeads * kRepeats; ++i) scores[i] = 0.0;
  if (kPreloadQ) {
    [[unroll]] for (uint d = 0; d < kHeadTexels; ++d) add_scores(d);
  } else {
    for (uint d = 0; d < kHeadTexels; ++d) add_scores(d);
  }
}

// Turns scores into weights relative to the new maximum and rescales what was summed before.
void soften_tile(uint tile_begin) {
  [[unroll]] for (uint h = 0; h < kHeads; ++h) {
    float tile_max = kMinusInfinity;
    [[unroll]] for (uint t = 0; t < kRepeats; ++t) {
      const uint at = tile_begin + t * kSubgroupSize + lane;
      float score = scores[h * kRepeats + t] * push.scale;
      if (kSoftcap) score = push.softcap * tanh(score / push.softcap);
      const bool visible = at >= first_position && at <= position;
      scores[h * kRepeats + t] = visible ? score * kLog2E : kMinusInfinity;
      tile_max = max(tile_max, scores[h * kRepeats + t]);
    }
    const float new_max = max(maxima[h], subgroupMax(tile_max));
    const float correction = exp2(maxima[h] - new_max);
    maxima[h] = new_max;
    sums[h] *= correction;
    [[unroll]] for (uint x = 0; x < kTexelsPerLane; ++x) {
      values_low[h * kTexelsPerLane + x] *= correction;
      values_high[h * kTexelsPerLane + x] *= correction;
    }
    [[unroll]] for (uint t = 0; t < kRepeats; ++t) {
      const float weight = exp2(scores[h * kRepeats + t] - new_max);
      scores[h * kRepeats + t] = weight;
      sums[h] += weight;
    }
  }
}

void add_values(uint texel, uint x) {
  vec4 low, high;
  unpack(texelFetch(cache, int(texel)), low, high);
  [[unroll]] for (uint h = 0; h < kHeads; ++h) {
    values_low[h * kTexelsPerLane + x] += weights[h] * low;
    values_high[h * kTexelsPerLane + x] += weights[h] * high;
  }
}

// All lanes at one position, each at its own texels. (A shuffle, since CPU drivers search for
// the first active lane at every broadcast; and few rounds, since Mesa's ends all loops once an
// invocation has gone round 65535 times.)
void add_tile_by_position(uint tile_begin) {
  [[unroll]] for (uint t = 0; t < kRepeats; ++t) {
    const uint begin = tile_begin + t * kSubgroupSize;
    const uint from = (max(begin, first_position) - begin) / kUnroll * kUnroll;
    const uint to = min(begin + kSubgroupSize, position + 1);
    for (uint i = from; begin + i < to; i += kUnroll) {
      [[unroll]] for (uint u = 0; u < kUnroll; ++u) {
        const uint from_lane = i + u;
        [[unroll]] for (uint h = 0; h < kHeads; ++h) {
          weights[h] = subgroupShuffle(scores[h * kRepeats + t], from_lane);
        }
        const uint texel = value_plane() + subgroupShuffle(texels[t], from_lane);
        [[unroll]] for (uint x = 0; x < kTexelsPerLane; ++x) {
          add_values(texel + min(x * kSubgroupSize + lane, kHeadTexels - 1), x);
        }
      }
    }
  }
}

// Where a head has fewer texels than the subgroup lanes: lanes at kPositionGroups positions.
void add_tile_by_group(uint tile_begin) {
  const uint group = lane / kHeadTexels;
  [[unroll]] for (uint t = 0; t < kRepeats; ++t) {
    for (uint i = 0; i < kSubgroupSize; i += kPositionGroups) {
      const uint from_lane = min(i + group, kSubgroupSize - 1);
      const bool counts = group < kPositionGroups && i + group < kSubgroupSize;
      [[unroll]] for (uint h = 0; h < kHeads; ++h) {
        const float weight = subgroupShuffle(scores[h * kRepeats + t], from_lane);
        weights[h] = counts ? weight : 0.0;
      }
      const uint texel = value_plane() + subgroupShuffle(texels[t], from_lane);
      add_values(texel + lane % kHeadTexels, 0);
    }
  }
}

// Sums the position groups into the first one's lanes.
vec4 add_position_groups(vec4 part) {
  vec4 sum = part;
  for (uint group = 1; group < kPositionGroups; ++group) {
    sum += subgroupShuffle(part, min(lane + group * kHeadTexels, kSubgroupSize - 1));
  }
  return sum;
}

void finish_alone(uint h) {
  const float inverse_sum = 1.0 / subgroupAdd(sums[h]);
  [[unroll]] for (uint x = 0; x < kTexelsPerLane; ++x) {
    const vec4 low = add_position_groups(values_low[h * kTexelsPerLane + x]);
    const vec4 high = add_position_groups(values_high[h * kTexelsPerLane + x]);
    const uint texel = x * kSubgroupSize + lane;
    if (texel < kHeadTexels) {
      out_vectors[q_begin + (h * kHeadTexels + texel) * 2] = low * inverse_sum;
      out_vectors[q_begin + (h * kHeadTexels + texel) * 2 + 1] = high * inverse_sum;
    }
  }
}

// A subgroup that had no tile brings maximum minus infinity, which weighs nothing.
void finish_together(uint h) {
  barrier();
  const float sum = subgroupAdd(sums[h]);
  if (lane == 0) {
    combine_max[gl_SubgroupID] = maxima[h];
    combine_sum[gl_SubgroupID] = sum;
  }
  [[unroll]] for (uint x = 0; x < kTexelsPerLane; ++x) {
    const vec4 low = add_position_groups(values_low[h * kTexelsPerLane + x]);
    const vec4 high = add_position_groups(values_high[h * kTexelsPerLane + x]);
    const uint texel = x * kSubgroupSize + lane;
    if (texel < kHeadTexels) {
      combine_values[(gl_SubgroupID * kHeadTexels + texel) * 2] = low;
      combine_values[(gl_SubgroupID * kHeadTexels + texel) * 2 + 1] = high;
    }
  }
  barrier();
  float overall_max = kMinusInfinity;
  for (uint s = 0; s < kSubgroups; ++s) overall_max = max(overall_max, combine_max[s]);
  float overall_sum = 0.0;
  for (uint s = 0; s < kSubgroups; ++s) {
    overall_sum += combine_sum[s] * exp2(combine_max[s] - overall_max);
  }
  for (uint i = gl_LocalInvocationIndex; i < kHeadTexels * 2; i += gl_WorkGroupSize.x) {
    vec4 value = vec4(0.0);
    for (uint s = 0; s < kSubgroups; ++s) {
      value += combine_values[s * kHeadTexels * 2 + i] * exp2(combine_max[s] - overall_max);
    }
    out_vectors[q_begin + h * kHeadTexels * 2 + i] = value / overall_sum;
  }
}

void main() {
  if (push.n_blocks == 0) return;
  const uint row = gl_WorkGroupID.y;
  const uint first_head = gl_WorkGroupID.x * kHeads;
  const uint n_heads = gl_NumWorkGroups.x * kHeads;
  lane = gl_SubgroupInvocationID;
  position = min(positions[row], push.blocks_per_sequence * kBlockSize - 1);
  first_position = push.window != 0 && position >= push.window ? position - push.window + 1 : 0;
  kv_head = first_head / push.heads_per_kv_head;
  table = sequences[row] * push.blocks_per_sequence;
  q_begin = (row * n_heads + first_head) * (kHeadDim / 4);
  [[unroll]] for (uint h = 0; h < kHeads; ++h) {
    maxima[h] = kMinusInfinity;
    sums[h] = 0.0;
    [[unroll]] for (uint x = 0; x < kTexelsPerLane; ++x) {
      values_low[h * kTexelsPerLane + x] = vec4(0.0);
      values_high[h * kTexelsPerLane + x] = vec4(0.0);
    }
  }

  if (kPreloadQ) {
    [[unroll]] for (uint i = 0; i < kHeads * kHeadTexels * 2; ++i) q_registers[i] = load_q(i);
  }

  const uint first_tile = first_position / kTile;
  const uint own_tile = kSubgroups == 1 ? 0 : gl_SubgroupID;
  for (uint tile = first_tile + own_tile; tile * kTile <= position; tile += kSubgroups) {
    score_tile(tile * kTile);
    soften_tile(tile * kTile);
    if (kPositionGroups == 1) {
      add_tile_by_position(tile * kTile);
    } else {
      add_tile_by_group(tile * kTile);
    }
  }

  [[unroll]] for (uint h = 0; h < kHeads; ++h) {
    if (kSubgroups == 1) {
      finish_alone(h);
    } else {
      finish_together(h);
    }
  }
}
