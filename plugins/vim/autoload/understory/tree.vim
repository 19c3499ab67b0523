" :UnderstoryTree: the story tree of a document in a window of its own, and what can be done in it.
"
" The buffer is brought into the story before anything is done there, and what the change did to
" the manuscript is done to the buffer: the two never part.

scriptencoding utf-8

" {buffer, source, story, nodes, trash, moving, found}
"   nodes    those shown, one a line
"   trash    1 while the trash is shown
"   moving   id of the node that P moves, 0 for none
"   found    ids that the last search found
let s:tree = {}
let s:limit = 5000

function! understory#tree#open() abort
  call understory#story#open(bufnr(), 1, function('s:on_opened', [bufnr()]))
endfunction

function! s:on_opened(source, problem, story) abort
  if !empty(a:problem)
    return s:say(a:problem)
  endif
  if empty(s:tree) || bufwinid(s:tree.buffer) < 0
    call s:open_window()
  endif
  call extend(s:tree, #{source: a:source, story: a:story.story})
  call s:read(get(a:story, 'current'))
endfunction

function! s:open_window() abort
  topleft vertical 46new
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted nowrap nonumber norelativenumber
        \ nolist nospell signcolumn=no foldcolumn=0 winfixwidth cursorline nomodifiable
  let b:understory_enabled = 0
  setlocal filetype=understory-tree statusline=\ story\ %<%{understory#tree#title()}
  syntax match UnderstoryTreePath /^[*|].*/
  syntax match UnderstoryInfo /([-0-9.]\+)$/
  highlight default link UnderstoryTreePath Title
  let s:tree = #{buffer: bufnr(), nodes: [], trash: 0, moving: 0, found: []}
  autocmd BufWipeout <buffer> let s:tree = {}
  call s:map()
endfunction

let s:keys = {
      \ '<CR>': 'choose', 'p': 'show', 'g': 'generate', 'c': 'name', 'b': 'bookmark', 'd': 'prune',
      \ 't': 'trash', 'x': 'cut', 'P': 'put', 'm': 'merge', 'h': 'hoist', 'H': 'unhoist',
      \ '/': 'search', 'n': 'next', 'N': 'previous', 'u': 'undo', '<C-R>': 'redo', 'r': 'again', 'q': 'close'}

function! s:map() abort
  for [l:key, l:action] in items(s:keys)
    execute printf('nnoremap <buffer> <silent> <nowait> %s <Cmd>call understory#tree#do(%s)<CR>', l:key, string(l:action))
  endfor
endfunction

function! understory#tree#do(action) abort
  call s:{a:action}()
endfunction

" ---- drawing ------------------------------------------------------------------------------

" Reads the tree and draws it, with the cursor on node `id`.
function! s:read(id) abort
  let l:method = s:tree.trash ? 'story.trash' : 'story.nodes'
  call understory#story#call(l:method, #{story: s:tree.story, limit: s:limit}, function('s:draw', [a:id]))
endfunction

function! s:draw(id, problem, result) abort
  if empty(s:tree)
    return
  elseif !empty(a:problem)
    return s:say(a:problem)
  endif
  let s:tree.nodes = a:result.nodes
  let l:lines = s:lines(a:result.nodes)
  if get(a:result, 'more')
    call add(l:lines, printf('  ... more than %d: h on a node shows what is below it', s:limit))
  endif
  if empty(l:lines)
    let l:lines = ['  the trash is empty']
  endif
  call setbufvar(s:tree.buffer, '&modifiable', 1)
  call setbufline(s:tree.buffer, 1, l:lines)
  call deletebufline(s:tree.buffer, len(l:lines) + 1, '$')
  call setbufvar(s:tree.buffer, '&modifiable', 0)
  call s:go_to(a:id)
endfunction

" A chain of only children stays in one column: only what has alternatives goes further in.
function! s:lines(nodes) abort
  let [l:lines, l:indents, l:families] = [[], {}, {}]
  for l:node in a:nodes
    let l:parent = get(l:node, 'parent', -1)
    let l:indents[l:node.id] = get(l:indents, l:parent, 0) + (get(l:families, l:parent) > 1 ? 1 : 0)
    let l:families[l:node.id] = l:node.children
    call add(l:lines, s:line(l:node, l:indents[l:node.id]))
  endfor
  return l:lines
endfunction

function! s:line(node, indent) abort
  let l:mark = get(a:node, 'current') ? '*' : get(a:node, 'on_path') ? '|' : ' '
  let l:head = l:mark .. (get(a:node, 'bookmarked') ? '+' : ' ') .. repeat('  ', a:indent)
        \ .. (empty(get(a:node, 'name', '')) ? '' : '[' .. a:node.name .. '] ')
  " Of the model's alone: a chapter in which some of its words were taken says nothing of them.
  let l:end = a:node.origin ==# 'model' && has_key(a:node, 'mean_logprob') ? printf(' (%.2f)', a:node.mean_logprob) : ''
  let l:words = trim(substitute(a:node.preview, '\_s\+', ' ', 'g'))
  let l:words = !has_key(a:node, 'parent') ? 'the beginning' : empty(l:words) ? '¶' : l:words
  return l:head .. s:shortened(l:words, winwidth(bufwinnr(s:tree.buffer)) - strwidth(l:head .. l:end)) .. l:end
endfunction

function! s:shortened(text, width) abort
  if strwidth(a:text) <= a:width
    return a:text
  endif
  let l:text = strcharpart(a:text, 0, max([a:width - 1, 8]))
  while strwidth(l:text) >= a:width && strchars(l:text) > 8
    let l:text = strcharpart(l:text, 0, strchars(l:text) - 1)
  endwhile
  return l:text .. '…'
endfunction

function! s:go_to(id) abort
  let l:line = index(map(copy(s:tree.nodes), {_, n -> n.id}), a:id) + 1
  if l:line > 0
    call win_execute(bufwinid(s:tree.buffer), 'call cursor(' .. l:line .. ', 1)')
  endif
endfunction

function! understory#tree#title() abort
  return empty(s:tree) ? '' : s:tree.trash ? 'trash: u restores, t back'
        \ : s:tree.moving ? 'P moves the marked node below this one' : fnamemodify(bufname(s:tree.source), ':t')
endfunction

" ---- doing --------------------------------------------------------------------------------

" The node under the cursor, {} where there is none.
function! s:node() abort
  return get(s:tree.nodes, line('.') - 1, {})
endfunction

function! s:on_node(method, params) abort
  let l:node = s:node()
  if !empty(l:node)
    call s:change(a:method, extend(#{node: l:node.id}, a:params))
  endif
endfunction

" First the buffer goes into the story, then the change is made, then it is done to the buffer.
function! s:change(method, params) abort
  let l:text = understory#story#text(s:tree.source)
  let l:Next = function('s:on_synced', [a:method, extend(#{story: s:tree.story}, a:params), l:text])
  call understory#story#sync(s:tree.story, s:tree.source, l:Next)
endfunction

function! s:on_synced(method, params, text, problem, change) abort
  if !empty(a:problem)
    return s:say(a:problem)
  endif
  call understory#story#call(a:method, a:params, function('s:on_changed', [a:text]))
endfunction

function! s:on_changed(text, problem, change) abort
  if empty(s:tree)
    return
  elseif !empty(a:problem)
    return s:say(a:problem)
  endif
  if has_key(a:change, 'splice')
    if understory#story#text(s:tree.source) !=# a:text
      return s:say('the text has changed meanwhile; r reads the tree again')
    endif
    call understory#story#splice(s:tree.source, a:change.splice)
  endif
  call s:read(get(get(a:change, 'nodes', []), 0, a:change.current))
endfunction

function! s:choose() abort
  call s:on_node('story.choose', {})
endfunction

function! s:generate() abort
  let l:complete = extend(#{n: understory#config#of(s:tree.source, 'branches'), until: 'paragraph',
        \ max_tokens: understory#config#of(s:tree.source, 'branch_tokens')}, understory#config#of(s:tree.source, 'params'))
  call s:on_node('story.generate', #{complete: l:complete})
endfunction

function! s:name() abort
  let l:name = input('Name: ', get(s:node(), 'name', ''))
  redraw | echo ''
  call s:on_node('story.mark', #{name: l:name})
endfunction

function! s:bookmark() abort
  call s:on_node('story.mark', #{bookmarked: get(s:node(), 'bookmarked') ? v:false : v:true})
endfunction

function! s:prune() abort
  call s:on_node('story.prune', {})
endfunction

function! s:merge() abort
  call s:on_node('story.merge', {})
endfunction

function! s:cut() abort
  let s:tree.moving = get(s:node(), 'id')
  redrawstatus!
endfunction

function! s:put() abort
  let [l:moving, s:tree.moving] = [s:tree.moving, 0]
  if l:moving && !empty(s:node())
    call s:change('story.move', #{node: l:moving, parent: s:node().id})
  endif
endfunction

function! s:hoist() abort
  call s:on_node('story.hoist', {})
endfunction

function! s:unhoist() abort
  call s:change('story.hoist', {})
endfunction

function! s:undo() abort
  return s:tree.trash ? s:on_node('story.restore', {}) : s:change('story.undo', {})
endfunction

function! s:redo() abort
  call s:change('story.redo', {})
endfunction

function! s:trash() abort
  let s:tree.trash = !s:tree.trash
  call s:read(0)
endfunction

function! s:again() abort
  call understory#story#open(s:tree.source, 1, function('s:on_opened', [s:tree.source]))
endfunction

function! s:close() abort
  let [l:tree, l:source] = [s:tree.buffer, s:tree.source]
  if bufexists('understory://node')
    bwipeout! ^understory://node$
  endif
  execute 'bwipeout!' l:tree
  call win_gotoid(bufwinid(l:source))
endfunction

" ---- looking ------------------------------------------------------------------------------

function! s:show() abort
  if !empty(s:node())
    call understory#story#call('story.node', #{story: s:tree.story, node: s:node().id}, function('s:on_text'))
  endif
endfunction

" The node's text in a window below the tree, which closes with q.
function! s:on_text(problem, result) abort
  if !empty(a:problem)
    return s:say(a:problem)
  elseif empty(s:tree)
    return
  endif
  let l:shown = bufwinid('^understory://node$')
  if l:shown > 0
    call win_gotoid(l:shown)
  else
    call win_gotoid(bufwinid(s:tree.buffer))
    execute 'rightbelow' max([&lines / 3, 3]) .. 'new'
    silent file understory://node
    setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted wrap linebreak nonumber norelativenumber
    nnoremap <buffer> <silent> <nowait> q <Cmd>bwipeout<CR>
  endif
  setlocal modifiable
  silent call deletebufline(bufnr(), 1, '$')
  call setline(1, split(a:result.node.text, "\n", 1))
  setlocal nomodifiable
  call win_gotoid(bufwinid(s:tree.buffer))
endfunction

function! s:search() abort
  let l:query = input('/')
  redraw | echo ''
  if !empty(l:query)
    call understory#story#call('story.search', #{story: s:tree.story, query: l:query, limit: 1000}, function('s:on_found', [l:query]))
  endif
endfunction

function! s:on_found(query, problem, result) abort
  if !empty(a:problem)
    return s:say(a:problem)
  elseif empty(a:result.matches)
    return s:say('no node says "' .. a:query .. '"')
  endif
  let s:tree.found = map(copy(a:result.matches), {_, m -> m.node})
  call s:next()
endfunction

function! s:next() abort
  call s:step(1)
endfunction

function! s:previous() abort
  call s:step(-1)
endfunction

" To the next line whose node was found, round the end.
function! s:step(by) abort
  let l:count = len(s:tree.nodes)
  for l:i in range(1, l:count)
    let l:at = (line('.') - 1 + a:by * l:i + l:count * l:i) % l:count
    if index(s:tree.found, s:tree.nodes[l:at].id) >= 0
      return cursor(l:at + 1, 1)
    endif
  endfor
endfunction

" Another program has changed a story that is open here.
function! understory#tree#on_changed(map) abort
  if !empty(s:tree) && s:tree.story == a:map.story
    call s:read(get(s:node_in_window(), 'id'))
  endif
endfunction

function! s:node_in_window() abort
  return get(s:tree.nodes, line('.', bufwinid(s:tree.buffer)) - 1, {})
endfunction

function! s:say(text) abort
  echohl WarningMsg
  echo 'understory: ' .. a:text
  echohl None
endfunction
