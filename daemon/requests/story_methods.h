// The methods of stories; story_methods.cpp has their table.
#pragma once

#include <memory>

namespace understory::requests {

class Call;

// story_read.cpp
void story_text(const std::shared_ptr<Call>& call);
void story_path(const std::shared_ptr<Call>& call);
void story_node(const std::shared_ptr<Call>& call);
void story_nodes(const std::shared_ptr<Call>& call);
void story_paths(const std::shared_ptr<Call>& call);
void story_trash(const std::shared_ptr<Call>& call);
void story_search(const std::shared_ptr<Call>& call);
void story_diff(const std::shared_ptr<Call>& call);
void story_compare(const std::shared_ptr<Call>& call);
void story_get(const std::shared_ptr<Call>& call);
void story_history(const std::shared_ptr<Call>& call);
void story_export(const std::shared_ptr<Call>& call);
// story_write.cpp
void story_open(const std::shared_ptr<Call>& call);
void story_close(const std::shared_ptr<Call>& call);
void story_sync(const std::shared_ptr<Call>& call);
void story_edit(const std::shared_ptr<Call>& call);
void story_branch(const std::shared_ptr<Call>& call);
void story_add(const std::shared_ptr<Call>& call);
void story_choose(const std::shared_ptr<Call>& call);
void story_split(const std::shared_ptr<Call>& call);
void story_merge(const std::shared_ptr<Call>& call);
void story_move(const std::shared_ptr<Call>& call);
void story_prune(const std::shared_ptr<Call>& call);
void story_restore(const std::shared_ptr<Call>& call);
void story_empty_trash(const std::shared_ptr<Call>& call);
void story_mark(const std::shared_ptr<Call>& call);
void story_hoist(const std::shared_ptr<Call>& call);
void story_set(const std::shared_ptr<Call>& call);
void story_undo(const std::shared_ptr<Call>& call);
void story_redo(const std::shared_ptr<Call>& call);
void story_import(const std::shared_ptr<Call>& call);
// story_generate.cpp
void story_generate(const std::shared_ptr<Call>& call);

}  // namespace understory::requests
