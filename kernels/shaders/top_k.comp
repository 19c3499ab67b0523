// The k largest values of each row with their columns, ties to the lower column, and
// log(sum(exp(row))). Exact: values are compared as integer keys of the same order.
//
// 1. The texels of a row are dealt to kGroups groups; each group's largest key is kept. The
//    k-th largest of these is a lower bound for the k-th largest of the row, so that only the
//    groups that reach it (about k of them) are looked at again.
// 2. The k-th largest key is built two bits at a time by counting how many keys reach each of
//    three thresholds; where more keys equal it than fit, the same on columns.
// 3. What reaches it is written out.
//
// set 0  binding 0  in         f32 [n_rows, cols], 4 to a texel
//        binding 1  ids        u32 [n_rows, k]
//        binding 2  values     f32 [n_rows, k]
//        binding 3  logsumexp  f32 [n_rows]
// push   cols, k
// spec   0  workgroup size, a multiple of the subgroup size
//        1  subgroups in a workgroup
// dispatch  (n_rows)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kSubgroups = 1;

layout(set = 0, binding = 0) uniform utextureBuffer in_texels;
layout(set = 0, binding = 1) writeonly buffer Ids { uint ids[]; };
layout(set = 0, binding = 2) writeonly buffer Values { float values[]; };
layout(set = 0, binding = 3) writeonly buffer LogSumExp { float log_sum_exp[]; };

layout(push_constant) uniform Push {
  uint cols;
  uint k;
} push;

#include "reduce.glsl"

const uint kGroups = 1024;
shared uint group_max[kGroups];
shared uint chosen_groups[kGroups];
shared uint n_chosen;
shared uint n_written;

uint row_begin;  // first element, from the start of `in`
uint first_texel;
uint n_texels;

// What select() counts.
const uint kGroupMaxima = 0;
const uint kKeys = 1;
const uint kColumns = 2;  // of keys equal to tied_key, complemented: low columns are large

uint tied_key;

// Order-preserving for all floats; both zeros are equal; 0 stands for no element.
uint to_key(uint bits) {
  if (bits == 0x80000000u) bits = 0;
  return bits < 0x80000000u ? bits | 0x80000000u : max(~bits, 1u);
}

float from_key(uint key) {
  return uintBitsToFloat(key >= 0x80000000u ? key ^ 0x80000000u : ~key);
}

// Columns of a texel's elements; those before the row wrap to huge ones.
uvec4 columns_of(uint texel) {
  return 4 * (first_texel + texel) - row_begin + uvec4(0, 1, 2, 3);
}

// A row need not begin or end with a texel: what is not its own gets key 0.
uvec4 load_keys(uint texel) {
  const uvec4 bits = texelFetch(in_texels, int(first_texel + min(texel, n_texels - 1)));
  const uvec4 keys = uvec4(to_key(bits.x), to_key(bits.y), to_key(bits.z), to_key(bits.w));
  return mix(uvec4(0), keys, lessThan(columns_of(texel), uvec4(push.cols)));
}

uint largest_of(uvec4 keys) { return max(max(keys.x, keys.y), max(keys.z, keys.w)); }

// Fills group_max and returns the largest key of the row.
uint find_group_maxima() {
  uint overall = 0;
  for (uint group = gl_LocalInvocationIndex; group < kGroups; group += gl_WorkGroupSize.x) {
    uint largest = 0;
    for (uint texel = group; texel < n_texels; texel += kGroups) {
      largest = max(largest, largest_of(load_keys(texel)));
    }
    group_max[group] = largest;
    overall = max(overall, largest);
  }
  workgroup_barrier();
  return workgroup_max(overall);
}

void choose_groups(uint bound) {
  if (gl_LocalInvocationIndex == 0) {
    n_chosen = 0;
    n_written = 0;
  }
  workgroup_barrier();
  for (uint group = gl_LocalInvocationIndex; group < kGroups; group += gl_WorkGroupSize.x) {
    if (group_max[group] >= bound) chosen_groups[atomicAdd(n_chosen, 1)] = group;
  }
  workgroup_barrier();
}

uint n_chosen_texels() { return n_chosen * ((n_texels + kGroups - 1) / kGroups); }

// The i-th texel of the chosen groups; may lie past the row, where keys are 0.
uint chosen_texel(uint i) { return chosen_groups[i % n_chosen] + i / n_chosen * kGroups; }

uvec3 reaching(uvec4 keys, uvec3 thresholds) {
  return uvec3(greaterThanEqual(uvec3(keys.x), thresholds)) +
         uvec3(greaterThanEqual(uvec3(keys.y), thresholds)) +
         uvec3(greaterThanEqual(uvec3(keys.z), thresholds)) +
         uvec3(greaterThanEqual(uvec3(keys.w), thresholds));
}

uvec4 load_counted(uint source, uint i) {
  const uint texel = chosen_texel(i);
  const uvec4 keys = load_keys(texel);
  if (source == kKeys) return keys;
  return mix(uvec4(0), ~columns_of(texel), equal(keys, uvec4(tied_key)));
}

uvec3 count_reaching(uint source, uvec3 thresholds) {
  uvec3 counts = uvec3(0);
  if (source == kGroupMaxima) {
    for (uint group = gl_LocalInvocationIndex; group < kGroups; group += gl_WorkGroupSize.x) {
      counts += uvec3(greaterThanEqual(uvec3(group_max[group]), thresholds));
    }
    return workgroup_add(counts);
  }
  const uint n = n_chosen_texels();
  for (uint i = gl_LocalInvocationIndex; i < n; i += 2 * gl_WorkGroupSize.x) {
    counts += reaching(load_counted(source, i), thresholds);
    counts += reaching(load_counted(source, i + gl_WorkGroupSize.x), thresholds);
  }
  return workgroup_add(counts);
}

// The n-th largest of the source; it is known to lie in [low, high].
uint select(uint source, uint n, uint low, uint high) {
  if (low == high) return low;
  const int first_shift = findMSB(low ^ high) & ~1;
  uint found = first_shift == 30 ? 0 : low & ~((4u << first_shift) - 1);
  for (int shift = first_shift; shift >= 0; shift -= 2) {
    const uvec3 thresholds = found | uvec3(1, 2, 3) << shift;
    const uvec3 counts = count_reaching(source, thresholds);
    if (counts.z >= n) {
      found = thresholds.z;
    } else if (counts.y >= n) {
      found = thresholds.y;
    } else if (counts.x >= n) {
      found = thresholds.x;
    }
  }
  return found;
}

// Columns 4 * i to 4 * i + 3; what is past the row is finite or not, but in no case used.
vec4 load_columns(uint i) {
  const uint shift = row_begin % 4;
  const uvec4 first = texelFetch(in_texels, int(first_texel + i));
  if (shift == 0) return uintBitsToFloat(first);
  const uvec4 second = texelFetch(in_texels, int(first_texel + min(i + 1, n_texels - 1)));
  if (shift == 1) return uintBitsToFloat(uvec4(first.yzw, second.x));
  if (shift == 2) return uintBitsToFloat(uvec4(first.zw, second.xy));
  return uintBitsToFloat(uvec4(first.w, second.xyz));
}

// By columns, not by texels: a row that begins inside a texel is summed in the same order.
void write_log_sum_exp(uint row, float largest) {
  float sum = 0.0;
  for (uint i = gl_LocalInvocationIndex; i * 4 < push.cols; i += gl_WorkGroupSize.x) {
    const uvec4 columns = 4 * i + uvec4(0, 1, 2, 3);
    const vec4 terms = exp(load_columns(i) - largest);
    sum += dot(mix(vec4(0.0), terms, lessThan(columns, uvec4(push.cols))), vec4(1.0));
  }
  sum = workgroup_add(sum);
  if (gl_LocalInvocationIndex == 0) log_sum_exp[row] = largest + log(sum);
}

void write_if_selected(uint row, uint key, uint complemented_column, uint edge, uint column_edge) {
  if (key > edge || (key == edge && complemented_column >= column_edge)) {
    const uint place = atomicAdd(n_written, 1);
    if (place < push.k) {
      ids[row * push.k + place] = ~complemented_column;
      values[row * push.k + place] = from_key(key);
    }
  }
}

void main() {
  if (push.cols == 0) return;
  const uint row = gl_WorkGroupID.x;
  row_begin = row * push.cols;
  first_texel = row_begin / 4;
  n_texels = (row_begin + push.cols - 1) / 4 - first_texel + 1;

  const uint largest = find_group_maxima();
  write_log_sum_exp(row, from_key(largest));

  // Groups without an element have maximum 0, which is no bound.
  const uint bound = max(select(kGroupMaxima, push.k, 0, largest), 1u);
  choose_groups(bound);
  const uint edge = select(kKeys, push.k, bound, largest);

  // Keys above the edge all belong; of those at the edge the lowest columns that still fit.
  tied_key = edge;
  const uvec3 counts = count_reaching(kKeys, uvec3(edge, edge + 1, edge + 1));
  const uint n_tied_wanted = push.k - counts.y;
  uint column_edge = ~(push.cols - 1);
  if (counts.x > push.k) {
    column_edge = select(kColumns, n_tied_wanted, ~(push.cols - 1), 0xffffffffu);
  }

  const uint n = n_chosen_texels();
  for (uint i = gl_LocalInvocationIndex; i < n; i += gl_WorkGroupSize.x) {
    const uint texel = chosen_texel(i);
    const uvec4 keys = load_keys(texel);
    const uvec4 columns = ~columns_of(texel);
    write_if_selected(row, keys.x, columns.x, edge, column_edge);
    write_if_selected(row, keys.y, columns.y, edge, column_edge);
    write_if_selected(row, keys.z, columns.z, edge, column_edge);
    write_if_selected(row, keys.w, columns.w, edge, column_edge);
  }
}
