" The story tree of a document, which every client shares (PROTOCOL.md, "Stories").

" Of a message, for what is not text.
let s:margin = 10000

" Text of a whole buffer as the daemon has it.
function! understory#story#text(buffer) abort
  return join(getbufline(a:buffer, 1, '$'), "\n") .. (getbufvar(a:buffer, '&endofline') ? "\n" : '')
endfunction

" Opens (and brings up to date) the story of a buffer: Done(problem, story), story being the
" answer of story.open. One is opened only where `create` or a tree exists.
function! understory#story#open(buffer, create, Done) abort
  let l:name = bufname(a:buffer)
  if empty(l:name) || !empty(getbufvar(a:buffer, '&buftype'))
    return a:Done('a story tree belongs to a file; save this buffer first', {})
  endif
  let l:params = #{document: fnamemodify(l:name, ':p'), create: a:create ? v:true : v:false}
  call understory#daemon#when_ready({-> s:bring('story.open', l:params, a:buffer, a:Done)})
endfunction

" Brings an open story up to date with the buffer: Done(problem, change).
function! understory#story#sync(story, buffer, Done) abort
  call s:bring('story.sync', #{story: a:story}, a:buffer, a:Done)
endfunction

" With the buffer's text, and what of it was taken from the model.
function! s:bring(method, params, buffer, Done) abort
  let l:text = understory#story#text(a:buffer)
  let l:taken = understory#taken#list(a:buffer)
  let l:limit = get(get(understory#daemon#hello(), 'limits', {}), 'max_request_bytes', 4194304)
  if len(l:text) > l:limit - s:margin
    return a:Done('this file is too large for a story tree', {})
  endif
  let l:params = extend(#{text: l:text}, a:params)
  if !empty(l:taken) && len(l:text) + len(json_encode(l:taken)) < l:limit - s:margin
    let l:params.taken = l:taken
  endif
  call understory#story#call(a:method, l:params, function('s:on_brought', [a:buffer, understory#taken#ids(a:buffer), a:Done]))
endfunction

function! s:on_brought(buffer, ids, Done, problem, result) abort
  if empty(a:problem)
    call understory#taken#forget(a:buffer, a:ids)
  endif
  call a:Done(a:problem, a:result)
endfunction

" Done(problem, result): problem is '' or a sentence.
function! understory#story#call(method, params, Done) abort
  let l:id = understory#daemon#request(a:method, a:params, function('s:on_answer', [a:Done]), 0)
  if !l:id
    call a:Done('there is no daemon', {})
  endif
endfunction

function! s:on_answer(Done, id, error, result) abort
  if empty(a:error)
    return a:Done('', a:result)
  endif
  let l:too_old = a:error.code ==# 'not_found' && a:error.message =~# '\<method\>'
  call a:Done(l:too_old ? 'this daemon keeps no story trees; update it' : a:error.message, {})
endfunction

" Does to the buffer what a change did to the manuscript, as one undo step: {offset, length, text}.
function! understory#story#splice(buffer, splice) abort
  let l:old = understory#story#text(a:buffer)
  let l:new = strpart(l:old, 0, a:splice.offset) .. a:splice.text .. strpart(l:old, a:splice.offset + a:splice.length)
  " A branch that ends within a line is kept apart from one that ends with its line.
  call setbufvar(a:buffer, '&endofline', l:new =~# "\n$")
  let l:lines = split(substitute(l:new, "\n$", '', ''), "\n", 1)
  let l:there = getbufline(a:buffer, 1, '$')
  " Only the lines that differ, so that marks and folds elsewhere stay.
  let l:head = 0
  while l:head < min([len(l:lines), len(l:there)]) && l:lines[l:head] ==# l:there[l:head]
    let l:head += 1
  endwhile
  let l:tail = 0
  while l:tail < min([len(l:lines), len(l:there)]) - l:head && l:lines[-1 - l:tail] ==# l:there[-1 - l:tail]
    let l:tail += 1
  endwhile
  let l:added = l:lines[l:head : len(l:lines) - l:tail - 1]
  call appendbufline(a:buffer, l:head, l:added)
  if len(l:there) > l:head + l:tail
    call deletebufline(a:buffer, l:head + len(l:added) + 1, len(l:there) + len(l:added) - l:tail)
  endif
endfunction

" Keeps a child of story.add as a branch of the buffer's story where `bytes` bytes of line `lnum`
" are before it; the manuscript stays as it is. Done(problem).
function! understory#story#keep(buffer, lnum, bytes, child, Done) abort
  let l:lines = getbufline(a:buffer, 1, a:lnum - 1) + [strpart(getbufline(a:buffer, a:lnum)[0], 0, a:bytes)]
  let l:keep = #{offset: len(join(l:lines, "\n")), child: a:child, Done: a:Done}
  call understory#story#open(a:buffer, 1, function('s:keep_in', [l:keep]))
endfunction

function! s:keep_in(keep, problem, story) abort
  if !empty(a:problem)
    return a:keep.Done(a:problem)
  endif
  let a:keep.story = a:story.story
  call understory#story#call('story.path', #{story: a:story.story, last: 1000000}, function('s:keep_below', [a:keep]))
endfunction

" The node that ends where the branch begins, made by a split where there is none.
function! s:keep_below(keep, problem, path) abort
  if !empty(a:problem)
    return a:keep.Done(a:problem)
  endif
  for l:node in reverse(copy(a:path.nodes))
    if l:node.offset + l:node.bytes == a:keep.offset
      return s:add(a:keep, l:node.id)
    elseif l:node.offset < a:keep.offset
      return understory#story#call('story.split', #{story: a:keep.story, node: l:node.id,
            \ offset: a:keep.offset - l:node.offset}, function('s:add_to_split', [a:keep]))
    endif
  endfor
  call a:keep.Done('the story tree has no such place')
endfunction

function! s:add_to_split(keep, problem, change) abort
  return empty(a:problem) ? s:add(a:keep, a:change.nodes[0]) : a:keep.Done(a:problem)
endfunction

function! s:add(keep, parent) abort
  call understory#story#call('story.add', #{story: a:keep.story, parent: a:parent, children: [a:keep.child]},
        \ {problem, change -> a:keep.Done(problem)})
endfunction
