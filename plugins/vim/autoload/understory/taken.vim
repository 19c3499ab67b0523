" Text of the model's that the writer took, and how it was made, until the document's story tree has
" it. A mark that nobody sees goes along with the text as it is edited: a text property, an extmark.

" b:understory_taken: id of a mark to {text, made}, the text as it came.
" made: {params, model, created_ms}, and once the daemon has answered also {seed, mean_logprob,
" finish_reason, prompt_hash}.
let s:last_id = 0
let s:max_params_bytes = 1000000

" Of a request with these params.
function! understory#taken#made(params) abort
  return #{params: filter(copy(a:params), {key -> index(['prefix', 'n', 'seed', 'document'], key) < 0}),
        \ model: get(get(understory#daemon#hello(), 'model', {}), 'name', ''), created_ms: 1000 * localtime()}
endfunction

" What only the answer tells.
function! understory#taken#tell(made, branch, result) abort
  call extend(a:made, #{model: get(a:result, 'model', ''), prompt_hash: get(a:result, 'prompt_hash', ''),
        \ seed: get(a:branch, 'seed'), mean_logprob: get(a:branch, 'mean_logprob'),
        \ finish_reason: get(a:branch, 'finish_reason', '')})
endfunction

" As the story tree takes it.
function! understory#taken#generation(made) abort
  return extend(filter(copy(a:made), {key -> key !=# 'taken'}), #{params: json_encode(a:made.params)})
endfunction

" `text` was taken into the current buffer, where it lies from `from` to `to` ([line, column]).
function! understory#taken#add(from, to, text, made) abort
  let s:last_id += 1
  let b:understory_taken = extend(get(b:, 'understory_taken', {}), {s:last_id: #{text: a:text, made: a:made}})
  call s:set_mark(s:last_id, a:from, a:to)
endfunction

" The current buffer's text from `from` to `to`.
function! understory#taken#between(from, to) abort
  return a:from[0] > a:to[0] ? '' : s:cut(getline(a:from[0], a:to[0]), a:from[1], a:to[1])
endfunction

" What of it still stands in the buffer, as story.sync takes it: bytes of the buffer's text.
function! understory#taken#list(buffer) abort
  let l:taken = getbufvar(a:buffer, 'understory_taken', {})
  if empty(l:taken)
    return []
  endif
  let [l:out, l:lines, l:lnum, l:bytes, l:end, l:room] = [[], getbufline(a:buffer, 1, '$'), 1, 0, 0, s:max_params_bytes]
  for [l:id, l:from, l:to] in s:marks(a:buffer)
    " Neovim keeps a mark whose text was taken back.
    let l:is_gone = l:to[0] < l:from[0] || l:to[0] == l:from[0] && l:to[1] <= l:from[1]
    if !has_key(l:taken, l:id) || l:is_gone
      continue
    endif
    if l:from[0] > l:lnum
      let l:bytes += len(join(l:lines[l:lnum - 1 : l:from[0] - 2], "\n")) + 1
      let l:lnum = l:from[0]
    endif
    let l:now = s:cut(l:lines[l:from[0] - 1 : l:to[0] - 1], l:from[1], l:to[1])
    let l:generation = understory#taken#generation(l:taken[l:id].made)
    " Notes and lorebook may be large, and a message has an end.
    let l:room -= len(l:generation.params)
    if l:room < 0
      let l:generation.params = '{}'
    endif
    for [l:at, l:length] in s:intact(l:now, l:taken[l:id].text)
      let l:start = l:bytes + l:from[1] - 1 + l:at
      let l:stop = l:start + l:length
      let l:start = max([l:start, l:end])
      if l:stop > l:start
        call add(l:out, #{offset: l:start, length: l:stop - l:start, generation: l:generation})
        let l:end = l:stop
      endif
    endfor
  endfor
  return l:out
endfunction

" Ids of what has not gone into the story tree.
function! understory#taken#ids(buffer) abort
  return keys(getbufvar(a:buffer, 'understory_taken', {}))
endfunction

" The story tree has these.
function! understory#taken#forget(buffer, ids) abort
  let l:left = filter(getbufvar(a:buffer, 'understory_taken', {}), {id -> index(a:ids, id) < 0})
  if empty(l:left) && !empty(a:ids)
    call s:clear_marks(a:buffer)
  endif
endfunction

" A document that has a story tree takes it along when it is saved.
function! understory#taken#on_written() abort
  if !empty(get(b:, 'understory_taken', {})) && understory#daemon#state() ==# 'ready'
    call understory#story#open(bufnr(), 0, {problem, story -> 0})
  endif
endfunction

" ---- texts --------------------------------------------------------------------------------

function! s:cut(lines, first, last) abort
  let l:lines = copy(a:lines)
  let l:lines[-1] = strpart(l:lines[-1], 0, a:last - 1)
  let l:lines[0] = strpart(l:lines[0], a:first - 1)
  return join(l:lines, "\n")
endfunction

" Where `now` still says what was taken, [offset, length] in bytes: all of it, or both its ends.
function! s:intact(now, taken) abort
  if a:now ==# a:taken
    return [[0, len(a:now)]]
  endif
  let [l:now, l:taken] = [split(a:now, '\zs'), split(a:taken, '\zs')]
  let l:head = s:common(l:now, l:taken)
  let l:tail = s:common(reverse(l:now[l:head :]), reverse(l:taken[l:head :]))
  let l:tail_bytes = l:tail ? len(join(l:now[-l:tail :], '')) : 0
  let l:head_bytes = l:head ? len(join(l:now[: l:head - 1], '')) : 0
  return [[0, l:head_bytes], [len(a:now) - l:tail_bytes, l:tail_bytes]]
endfunction

" How many characters both begin with.
function! s:common(a, b) abort
  let l:most = min([len(a:a), len(a:b)])
  let l:n = 0
  while l:n < l:most && a:a[l:n] ==# a:b[l:n]
    let l:n += 1
  endwhile
  return l:n
endfunction

" ---- marks --------------------------------------------------------------------------------

" s:marks(buffer): [id, from, to] in the order in which they begin.
if has('nvim')
  let s:namespace = nvim_create_namespace('understory_taken')

  function! s:set_mark(id, from, to) abort
    call nvim_buf_set_extmark(0, s:namespace, a:from[0] - 1, a:from[1] - 1, #{id: a:id,
          \ end_row: a:to[0] - 1, end_col: a:to[1] - 1, right_gravity: v:true, end_right_gravity: v:false})
  endfunction

  function! s:marks(buffer) abort
    return map(nvim_buf_get_extmarks(a:buffer, s:namespace, 0, -1, #{details: v:true}), {_, m ->
          \ [m[0], [m[1] + 1, m[2] + 1], [m[3].end_row + 1, m[3].end_col + 1]]})
  endfunction

  function! s:clear_marks(buffer) abort
    call nvim_buf_clear_namespace(a:buffer, s:namespace, 0, -1)
  endfunction
else
  call prop_type_add('UnderstoryTaken', {})

  function! s:set_mark(id, from, to) abort
    call prop_add(a:from[0], a:from[1], #{type: 'UnderstoryTaken', id: a:id, end_lnum: a:to[0], end_col: a:to[1]})
  endfunction

  " A property over several lines is listed for each.
  function! s:marks(buffer) abort
    let [l:out, l:index] = [[], {}]
    for l:p in prop_list(1, #{bufnr: a:buffer, end_lnum: -1, types: ['UnderstoryTaken']})
      if !has_key(l:index, l:p.id)
        let l:index[l:p.id] = len(l:out)
        call add(l:out, [l:p.id, [l:p.lnum, l:p.col], []])
      endif
      let l:out[l:index[l:p.id]][2] = [l:p.lnum, l:p.col + l:p.length]
    endfor
    return l:out
  endfunction

  function! s:clear_marks(buffer) abort
    call prop_remove(#{type: 'UnderstoryTaken', bufnr: a:buffer, all: 1}, 1, getbufinfo(a:buffer)[0].linecount)
  endfunction
endif
