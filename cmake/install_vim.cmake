# At install time: help tags for the plugin, and links to it where Vim and Neovim look for packages
# (share/vim/vimfiles, share/nvim/site). `understory_data` is the data folder within the prefix.
set(data "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/${understory_data}")
set(doc "${data}/understory/vim/doc")

# As :helptags writes them, so that no editor is needed: name, file and pattern, sorted by bytes.
file(STRINGS "${doc}/understory.txt" lines REGEX "\\*[^* \t|]+\\*([ \t]|$)")
set(tags "")
foreach(line IN LISTS lines)
  string(REGEX MATCHALL "\\*[^* \t|]+\\*" names "${line}")
  foreach(name IN LISTS names)
    string(REGEX REPLACE "^.(.*).$" "\\1" name "${name}")
    string(REGEX REPLACE "([/\\])" "\\\\\\1" pattern "${name}")
    list(APPEND tags "${name}\tunderstory.txt\t/*${pattern}*\n")
  endforeach()
endforeach()
list(SORT tags COMPARE STRING)
list(JOIN tags "" tags)
file(WRITE "${doc}/tags" "${tags}")

foreach(site vim/vimfiles nvim/site)
  set(start "${data}/${site}/pack/understory/start")
  file(MAKE_DIRECTORY "${start}")
  # Five folders up from `start` is the data folder; relative, so that the prefix can be moved.
  file(CREATE_LINK "../../../../../understory/vim" "${start}/understory" SYMBOLIC)
  message(STATUS "Installing: ${start}/understory")
endforeach()
