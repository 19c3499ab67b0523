" The connection to the daemon: made when wanted, made again after a loss, never waited for.
"
" A transport (transport/vim.vim, transport/nvim.vim) has connect(), is_open(), send(id, method,
" params), where id 0 wants no answer, and close(); it calls on_connected(), on_answer(),
" on_notification() and on_lost() here.

let s:transport = 'understory#transport#' .. (has('nvim') ? 'nvim' : 'vim') .. '#'
let s:state = 'off'       " off, connecting, ready, failed
let s:reason = ''         " of the last loss or failure
let s:failures = 0        " in a row, without an answer between
let s:retry_at = 0        " seconds; before that nothing is tried
let s:has_told = 0
let s:hello = {}
let s:waiting = []        " what is to be done once it is ready
let s:calls = {}          " id to {method, on_answer, on_chunk}
let s:last_id = 0

let s:protocol = 1
let s:default_context = 2048

" ---- connecting ---------------------------------------------------------------------------

" Returns at once. Does nothing where a connection is there or too fresh a failure.
function! understory#daemon#connect() abort
  if s:state ==# 'connecting' || s:state ==# 'ready' || localtime() < s:retry_at
    return
  endif
  let s:state = 'connecting'
  call {s:transport}connect()
endfunction

" A failure is no longer held against the next attempt.
function! understory#daemon#forgive() abort
  let [s:failures, s:retry_at, s:has_told] = [0, 0, 0]
  call understory#daemon#connect()
endfunction

" Calls Do() now or when the daemon is ready; where it cannot be reached, says so.
function! understory#daemon#when_ready(Do) abort
  if s:state ==# 'ready' && {s:transport}is_open()
    return a:Do()
  endif
  let s:waiting = [a:Do]
  call understory#daemon#forgive()
endfunction

function! understory#daemon#on_connected() abort
  call s:call('hello', #{client: has('nvim') ? 'neovim' : 'vim', client_version: '0.1.0',
        \ protocol: s:protocol, progress: v:true}, function('s:on_hello'), 0)
endfunction

function! s:on_hello(id, error, result) abort
  if !empty(a:error)
    call {s:transport}close()
    return understory#daemon#on_lost(a:error.message)
  endif
  let s:hello = a:result
  if a:result.state ==# 'loading'
    return  " a `progress` notification follows
  endif
  let s:state = 'ready'
  let l:waiting = s:waiting
  let s:waiting = []
  call map(l:waiting, {_, Do -> Do()})
  call understory#ghost#on_ready()
endfunction

" The transport is gone, or never came.
function! understory#daemon#on_lost(reason) abort
  let l:was_ready = s:state ==# 'ready'
  let [s:state, s:reason, s:hello] = ['failed', a:reason, {}]
  let l:calls = s:calls
  let s:calls = {}
  for [l:id, l:call] in items(l:calls)
    if l:call.method !=# 'hello'
      call l:call.on_answer(str2nr(l:id), #{code: 'unavailable', message: a:reason}, {})
    endif
  endfor
  let s:failures += 1
  if l:was_ready && s:failures == 1
    return understory#daemon#connect()
  endif
  let s:retry_at = localtime() + float2nr(pow(2, min([s:failures, 5])))
  call s:tell(a:reason)
endfunction

" Once, in one line that asks for no key.
function! s:tell(reason) abort
  if s:has_told
    return
  endif
  let s:has_told = 1
  let l:line = 'understory: ' .. split(a:reason .. "\n", "\n")[0] .. ' (:UnderstoryStatus)'
  echohl WarningMsg
  echomsg strcharpart(l:line, 0, max([&columns - 15, 20]))
  echohl None
endfunction

" ---- requests -----------------------------------------------------------------------------

" The request's id, or 0 where no daemon is ready (one is then looked for). on_answer gets id,
" error ({} for none) and result; on_chunk id and chunk.
function! understory#daemon#request(method, params, on_answer, on_chunk) abort
  if s:state ==# 'ready' && !{s:transport}is_open()
    call understory#daemon#on_lost('the daemon closed the connection')
  endif
  if s:state !=# 'ready'
    call understory#daemon#connect()
    return 0
  endif
  return s:call(a:method, a:params, a:on_answer, a:on_chunk)
endfunction

function! s:call(method, params, on_answer, on_chunk) abort
  let s:last_id = s:last_id % 1000000000 + 1
  let s:calls[s:last_id] = #{method: a:method, on_answer: a:on_answer, on_chunk: a:on_chunk}
  call {s:transport}send(s:last_id, a:method, a:params)
  return s:last_id
endfunction

" The answer, with what there was, goes to on_answer, or to nobody.
function! understory#daemon#cancel(id, on_answer = 0) abort
  if has_key(s:calls, a:id)
    let l:call = remove(s:calls, a:id)
    if type(a:on_answer) == v:t_func
      let s:calls[a:id] = extend(l:call, #{on_answer: a:on_answer, on_chunk: 0})
    endif
    call {s:transport}send(0, 'cancel', #{request: a:id})
  endif
endfunction

function! understory#daemon#on_answer(id, error, result) abort
  if has_key(s:calls, a:id)
    let l:call = remove(s:calls, a:id)
    let l:failed = type(a:error) == v:t_dict && !empty(a:error)
    if l:call.method !=# 'hello'
      let [s:failures, s:retry_at, s:has_told] = [0, 0, 0]
    endif
    call l:call.on_answer(a:id, l:failed ? a:error : {}, l:failed ? {} : a:result)
  endif
endfunction

function! understory#daemon#on_notification(method, map) abort
  if a:method ==# 'chunk' && has_key(s:calls, a:map.request)
    let l:call = s:calls[a:map.request]
    if type(l:call.on_chunk) == v:t_func
      call l:call.on_chunk(a:map.request, a:map)
    endif
  elseif a:method ==# 'progress' && a:map.state !=# 'loading' && s:state ==# 'connecting'
    call understory#daemon#on_connected()
  elseif a:method ==# 'story.changed' && exists('*understory#tree#on_changed')
    call understory#tree#on_changed(a:map)
  endif
endfunction

" ---- what is known ------------------------------------------------------------------------

" off, connecting, ready or failed.
function! understory#daemon#state() abort
  return s:state
endfunction

function! understory#daemon#reason() abort
  return s:reason
endfunction

" The answer to `hello`, {} before.
function! understory#daemon#hello() abort
  return s:hello
endfunction

function! understory#daemon#context_tokens() abort
  return get(get(s:hello, 'model', {}), 'context', s:default_context)
endfunction
