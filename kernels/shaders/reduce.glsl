// Reductions over a workgroup of kSubgroups subgroups. With one subgroup, as mostly on CPU drivers,
// nothing but the subgroup operation is left. The includer defines kSubgroups.
const uint kMaxSubgroups = 64;
shared float subgroup_partials[kMaxSubgroups];
shared uvec3 subgroup_counts[kMaxSubgroups];

float workgroup_add(float value) {
  value = subgroupAdd(value);
  if (kSubgroups == 1) return value;
  barrier();
  if (subgroupElect()) subgroup_partials[gl_SubgroupID] = value;
  barrier();
  float sum = 0.0;
  for (uint i = 0; i < gl_NumSubgroups; ++i) sum += subgroup_partials[i];
  return sum;
}

uvec3 workgroup_add(uvec3 value) {
  value = subgroupAdd(value);
  if (kSubgroups == 1) return value;
  barrier();
  if (subgroupElect()) subgroup_counts[gl_SubgroupID] = value;
  barrier();
  uvec3 sum = uvec3(0);
  for (uint i = 0; i < gl_NumSubgroups; ++i) sum += subgroup_counts[i];
  return sum;
}

uint workgroup_max(uint value) {
  value = subgroupMax(value);
  if (kSubgroups == 1) return value;
  barrier();
  if (subgroupElect()) subgroup_counts[gl_SubgroupID].x = value;
  barrier();
  uint largest = 0;
  for (uint i = 0; i < gl_NumSubgroups; ++i) largest = max(largest, subgroup_counts[i].x);
  return largest;
}

void workgroup_barrier() {
  if (kSubgroups == 1) {
    subgroupMemoryBarrierShared();
    subgroupBarrier();
  } else {
    barrier();
  }
}
