// Imports. What is read is anybody's file: shapes are checked, and nothing recurses.
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "daemon/story/exchange.h"
#include "daemon/story/spans.h"

namespace understory::story {
namespace {

// Not the ordered kind, which looks through all keys for each: loomsidian's siblings are put in
// order by where their ids stand in the text.
using Json = nlohmann::json;

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct ImportedNode {
  std::size_t parent = kNone;  // index of one before it; kNone: below the place of import
  Row row;                     // without id, parent and rank; span generations by index + 1
  std::size_t chosen = kNone;
};

struct Imported {
  std::vector<ImportedNode> nodes;
  std::vector<Generation> generations;
  std::vector<std::pair<std::string, std::string>> settings;
  std::size_t current = kNone;
};

[[noreturn]] void refuse(const std::string& what) {
  throw ErrorException({ErrorCode::kInvalidArgument, "the tree cannot be imported: " + what});
}

const Json* find(const Json& in, const char* key) {
  if (!in.is_object()) return nullptr;
  const auto found = in.find(key);
  return found == in.end() || found->is_null() ? nullptr : &*found;
}

std::string string_at(const Json& in, const char* key) {
  const Json* value = find(in, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::uint64_t number_at(const Json& in, const char* key) {
  const Json* value = find(in, key);
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

bool true_at(const Json& in, const char* key) {
  const Json* value = find(in, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

// An id may be a string or a number.
std::string id_at(const Json& in, const char* key) {
  const Json* value = find(in, key);
  if (value == nullptr) return {};
  return value->is_string() ? value->get<std::string>() : value->dump();
}

std::string unhex(const std::string& hex) {
  std::string out;
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>((digit(hex[i]) << 4 | digit(hex[i + 1])) & 0xff);
  }
  return out;
}

std::string text_at(const Json& in, const std::string& key) {
  if (find(in, key.c_str()) != nullptr) return string_at(in, key.c_str());
  return unhex(string_at(in, (key + "_hex").c_str()));
}

Origin origin_named(const Json& name) {
  for (const Origin origin : {Origin::kTyped, Origin::kModel, Origin::kEdited}) {
    if (name.is_string() && name.get_ref<const std::string&>() == to_string(origin)) return origin;
  }
  refuse("a span's origin is none of typed, model and edited");
}

// --- our own form ------------------------------------------------------------------------

using Indices = std::unordered_map<std::string, std::size_t>;

std::size_t index_of(const Indices& indices, const std::string& id) {
  if (id.empty()) return kNone;
  const auto found = indices.find(id);
  return found == indices.end() ? kNone : found->second;
}

Spans own_spans(const Json& in, std::size_t size, const Indices& generations) {
  const Json* spans = find(in, "spans");
  if (spans == nullptr) return whole(size, Origin::kTyped);
  Spans out;
  for (const Json& s : *spans) {
    if (!s.is_array() || s.size() < 2 || !s[0].is_number_unsigned()) refuse("a span has no size");
    Span span{s[0].get<std::uint64_t>(), origin_named(s[1]), kNoGeneration};
    if (s.size() > 2) {
      const std::size_t index = index_of(generations, s[2].dump());
      if (index != kNone) span.generation = index + 1;
    }
    if (span.bytes > 0) append(out, {span});
  }
  if (size_of(out) != size) refuse("a node's spans do not cover its text");
  return out;
}

void add_own_generations(const Json& in, Imported& out, Indices& indices) {
  const Json* generations = find(in, "generations");
  if (generations == nullptr) return;
  for (const Json& g : *generations) {
    indices[id_at(g, "id")] = out.generations.size();
    const Json* logprob = find(g, "mean_logprob");
    out.generations.push_back(
        {kNoGeneration, text_at(g, "model"), text_at(g, "params"), number_at(g, "seed"),
         string_at(g, "prompt_hash"),
         logprob != nullptr && logprob->is_number() ? logprob->get<double>() : 0,
         string_at(g, "finish_reason"), static_cast<std::int64_t>(number_at(g, "created_ms"))});
  }
}

Imported from_own_json(const Json& in) {
  if (number_at(in, "version") != 1) refuse("it is of a later version of Understory");
  Imported out;
  Indices generations;
  add_own_generations(in, out, generations);
  if (const Json* settings = find(in, "settings")) {
    for (const Json& s : *settings) {
      out.settings.emplace_back(text_at(s, "key"), text_at(s, "value"));
    }
  }
  const Json* nodes = find(in, "nodes");
  if (nodes == nullptr || !nodes->is_array()) refuse("it has no nodes");
  Indices indices;
  for (const Json& n : *nodes) {
    ImportedNode node;
    const std::string parent = id_at(n, "parent");
    node.parent = index_of(indices, parent);
    if (!parent.empty() && node.parent == kNone) refuse("a node comes before its parent");
    node.row.text = text_at(n, "text");
    node.row.spans = own_spans(n, node.row.text.size(), generations);
    node.row.name = text_at(n, "name");
    node.row.bookmarked = true_at(n, "bookmarked");
    node.row.trashed_ms = static_cast<std::int64_t>(number_at(n, "trashed_ms"));
    node.row.created_ms = static_cast<std::int64_t>(number_at(n, "created_ms"));
    node.row.modified_ms = static_cast<std::int64_t>(number_at(n, "modified_ms"));
    if (!indices.emplace(id_at(n, "id"), out.nodes.size()).second) refuse("an id is used twice");
    out.nodes.push_back(std::move(node));
  }
  for (std::size_t i = 0; i < out.nodes.size(); ++i) {
    out.nodes[i].chosen = index_of(indices, id_at((*nodes)[i], "chosen"));
  }
  out.current = index_of(indices, id_at(in, "current"));
  return out;
}

// --- pyloom ------------------------------------------------------------------------------

bool has_tag(const Json& node, const char* tag) {
  const Json* tags = find(node, "tags");
  if (tags == nullptr || !tags->is_array()) return false;
  return std::any_of(tags->begin(), tags->end(), [tag](const Json& t) { return t == tag; });
}

Origin pyloom_origin(const Json& node) {
  const Json* meta = find(node, "meta");
  const std::string source = meta == nullptr ? "" : string_at(*meta, "source");
  if (source == "AI") return Origin::kModel;
  return source == "mixed" ? Origin::kEdited : Origin::kTyped;
}

ImportedNode pyloom_node(const Json& in, const Json* chapters, std::size_t parent) {
  ImportedNode node;
  node.parent = parent;
  node.row.text = string_at(in, "text");
  node.row.spans = whole(node.row.text.size(), pyloom_origin(in));
  node.row.bookmarked = true_at(in, "bookmark") || has_tag(in, "bookmark");
  const std::string chapter = id_at(in, "chapter_id");
  if (!chapter.empty() && chapters != nullptr) {
    if (const Json* named = find(*chapters, chapter.c_str())) {
      node.row.name = string_at(*named, "title");
    }
  }
  return node;
}

Imported from_pyloom(const Json& in) {
  const Json* root = find(in, "root");
  if (root == nullptr || !root->is_object()) refuse("it has no root");
  const Json* chapters = find(in, "chapters");
  const std::string selected = id_at(in, "selected_node_id");
  Imported out;
  std::vector<std::pair<const Json*, std::size_t>> open{{root, kNone}};
  while (!open.empty()) {
    const auto [node, parent] = open.back();
    open.pop_back();
    if (!node->is_object()) refuse("a node is no object");
    // Its own root is empty too, and stands for ours.
    const bool is_ours = node == root && string_at(*node, "text").empty();
    const std::size_t index = is_ours ? kNone : out.nodes.size();
    if (!is_ours) out.nodes.push_back(pyloom_node(*node, chapters, parent));
    if (!selected.empty() && id_at(*node, "id") == selected) out.current = index;
    const Json* children = find(*node, "children");
    if (children == nullptr || !children->is_array()) continue;
    for (auto child = children->rbegin(); child != children->rend(); ++child) {
      open.emplace_back(&*child, index);
    }
  }
  return out;
}

// --- loomsidian --------------------------------------------------------------------------

// JSON objects have no order, but the program shows siblings in that of the text.
std::vector<std::string> keys_in_order(std::string_view text) {
  std::vector<std::string> keys;
  bool inside = false;
  const auto note = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event != Json::parse_event_t::key) return true;
    if (depth == 1) inside = value == "nodes";
    if (depth == 2 && inside) keys.push_back(value.get<std::string>());
    return true;
  };
  const Json whole_text = Json::parse(text, note);
  return keys;
}

Imported from_loomsidian(const Json& in, std::string_view text) {
  const Json* nodes = find(in, "nodes");
  if (nodes == nullptr || !nodes->is_object()) refuse("it has no nodes");
  std::unordered_map<std::string, std::vector<std::string>> children;
  for (const std::string& id : keys_in_order(text)) {
    children[id_at(nodes->at(id), "parentId")].push_back(id);
  }
  const std::string current = id_at(in, "current");
  Imported out;
  std::vector<std::pair<std::string, std::size_t>> open;
  const auto push = [&](const std::string& parent, std::size_t index) {
    const auto found = children.find(parent);
    if (found == children.end()) return;
    for (auto id = found->second.rbegin(); id != found->second.rend(); ++id) {
      open.emplace_back(*id, index);
    }
  };
  push("", kNone);
  while (!open.empty()) {
    const auto [id, parent] = open.back();
    open.pop_back();
    const Json& from = nodes->at(id);
    ImportedNode node;
    node.parent = parent;
    node.row.text = string_at(from, "text");
    node.row.spans = whole(node.row.text.size(), Origin::kTyped);
    node.row.bookmarked = true_at(from, "bookmarked");
    if (id == current) out.current = out.nodes.size();
    push(id, out.nodes.size());
    out.nodes.push_back(std::move(node));
  }
  if (out.nodes.size() != nodes->size()) refuse("some nodes hang on none");
  return out;
}

// -----------------------------------------------------------------------------------------

Imported from_text(std::string_view text) {
  Imported out;
  ImportedNode node;
  node.row.text = text;
  node.row.spans = whole(text.size(), Origin::kTyped);
  out.nodes.push_back(std::move(node));
  out.current = 0;
  return out;
}

std::string form_of(const Json& in) {
  if (string_at(in, "format") == "understory-story") return "json";
  if (find(in, "root") != nullptr) return "pyloom";
  if (find(in, "nodes") != nullptr && find(in, "current") != nullptr) return "loomsidian";
  return "text";
}

Imported read(std::string_view text, std::string format) {
  if (format == "text") return from_text(text);
  Json in;
  try {
    in = Json::parse(text);
  } catch (const Json::exception& e) {
    if (format == "auto") return from_text(text);
    refuse(std::string("it is no JSON: ") + e.what());
  }
  if (format == "auto") format = form_of(in);
  if (format == "json" && form_of(in) != "json") refuse("it is not Understory's JSON");
  if (format == "json") return from_own_json(in);
  if (format == "pyloom") return from_pyloom(in);
  if (format == "loomsidian") return from_loomsidian(in, text);
  if (format == "text") return from_text(text);
  throw ErrorException(
      {ErrorCode::kInvalidArgument,
       "'format' must be auto, text, json, pyloom or loomsidian, not '" + format + "'"});
}

std::vector<NodeId> plant_all(Change& change, Imported imported, NodeId parent, bool choose) {
  std::vector<GenerationId> generations{kNoGeneration};
  for (Generation& g : imported.generations) {
    generations.push_back(change.add_generation(std::move(g)));
  }
  std::vector<NodeId> ids;
  std::vector<NodeId> tops;
  for (ImportedNode& node : imported.nodes) {
    for (Span& span : node.row.spans) span.generation = generations.at(span.generation);
    const NodeId above = node.parent == kNone ? parent : ids.at(node.parent);
    Row row = change.create(above, nullptr, std::move(node.row.text), std::move(node.row.spans));
    row.name = std::move(node.row.name);
    row.bookmarked = node.row.bookmarked;
    row.trashed_ms = node.row.trashed_ms;
    if (node.row.created_ms != 0) row.created_ms = node.row.created_ms;
    if (node.row.modified_ms != 0) row.modified_ms = node.row.modified_ms;
    ids.push_back(row.id);
    if (node.parent == kNone) tops.push_back(row.id);
    change.put(std::move(row));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (imported.nodes[i].chosen == kNone) continue;
    Row row = change.tree().at(ids[i]);
    row.chosen = ids[imported.nodes[i].chosen];
    change.put(std::move(row));
  }
  for (auto& [key, value] : imported.settings) {
    if (!change.tree().settings().contains(key)) change.set_setting(key, std::move(value));
  }
  if (choose && !ids.empty()) {
    const NodeId left = change.tree().current().id;
    const NodeId current = imported.current == kNone ? tops.front() : ids[imported.current];
    const Node& node = change.tree().at(current);
    if (!change.tree().in_trash(node)) {
      change.set_current(imported.current == kNone ? change.tree().leaf_below(node).id : current);
    }
    tidy(change, left);
  }
  return tops;
}

}  // namespace

Done import_story(Story& story, std::string_view text, const std::string& format, NodeId parent,
                  bool choose) {
  if (story.tree().in_trash(story.tree().at(parent))) refuse("its place is in the trash");
  Imported imported;
  try {
    imported = read(text, format);
  } catch (const Json::exception& e) {
    refuse(e.what());
  }
  return story.change("import", [&](Change& change) {
    return plant_all(change, std::move(imported), parent, choose);
  });
}

}  // namespace understory::story
