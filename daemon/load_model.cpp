#include "daemon/load_model.h"

#include <spdlog/spdlog.h>

#include "daemon/model_discovery.h"
#include "kernels/vulkan/vulkan_backend.h"

namespace understory::daemon {
namespace {

std::string_view name_of(kernels::DeviceKind kind) {
  switch (kind) {
    case kernels::DeviceKind::kDiscrete:
      return "discrete";
    case kernels::DeviceKind::kIntegrated:
      return "integrated";
    case kernels::DeviceKind::kVirtual:
      return "virtual";
    case kernels::DeviceKind::kCpuDriver:
      return "cpu";
    case kernels::DeviceKind::kReference:
      break;
  }
  return "reference";
}

protocol::DeviceSummary summary_of(const kernels::DeviceInfo& info) {
  return {info.name,
          info.driver,
          info.api_version,
          std::string(name_of(info.kind)),
          info.subgroup_size,
          info.memory_bytes,
          info.free_memory_bytes,
          info.kernel_family};
}

protocol::ModelSummary summary_of(const model::Model& model, const std::filesystem::path& path,
                                  const tokenizer::Tokenizer& tokenizer) {
  const model::ModelInfo& info = model.info();
  protocol::ModelSummary out;
  out.name = info.name;
  out.path = path.string();
  out.architecture = info.architecture;
  out.file_type = info.file_type;
  out.tokenizer = tokenizer.description();
  out.n_parameters = info.n_parameters;
  out.weight_bytes = info.weight_bytes;
  out.n_layers = info.n_layers;
  out.dim = info.dim;
  out.n_heads = info.n_heads;
  out.n_kv_heads = info.n_kv_heads;
  out.head_dim = info.head_dim;
  out.vocab_size = info.vocab_size;
  out.trained_context = info.trained_context;
  out.context = model.context();
  return out;
}

std::filesystem::path model_path(const Options& options) {
  if (!options.model.empty()) return std::filesystem::absolute(options.model);
  return discover_model(model_folders()).value_or_throw();
}

}  // namespace

Result<requests::LoadedModel> load_model(const Options& options,
                                         const std::function<void(float)>& progress) {
  // The small part first: most mistakes show before a device is opened.
  const std::filesystem::path path = model_path(options);
  spdlog::info("loading {}", path.string());
  progress(0);
  const gguf::File file = gguf::File::open(path).value_or_throw();
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer =
      tokenizer::Tokenizer::from_gguf(file.metadata()).value_or_throw();
  progress(0);

  kernels::VulkanOptions vulkan;
  vulkan.device = options.device;
  std::shared_ptr<kernels::Backend> backend = kernels::open_vulkan_backend(vulkan).value_or_throw();
  model::ModelOptions model_options;
  model_options.context = options.context;
  model_options.kv_cache_bytes = options.kv_cache_mib << 20;
  std::shared_ptr<model::Model> model =
      model::Model::load(file, backend, model_options, progress).value_or_throw();

  requests::LoadedModel loaded;
  loaded.tokenizer = tokenizer;
  loaded.model = summary_of(*model, path, *tokenizer);
  loaded.device = summary_of(model->device());
  loaded.device_bytes = model->device_bytes();
  loaded.kv_cache_bytes =
      kernels::kv_cache_bytes(loaded.model.n_layers, loaded.model.n_kv_heads, loaded.model.head_dim,
                              model::kBlockSize, model->n_cache_blocks());
  loaded.engine = std::make_shared<engine::Engine>(
      model, tokenizer, engine::EngineOptions{.prefetch_tokens = options.prefetch_tokens});
  return loaded;
}

}  // namespace understory::daemon
