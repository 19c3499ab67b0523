" Neovim: MessagePack-RPC on the daemon's socket. Requests go as notifications, for rpcrequest()
" waits; the answer comes as `done` (PROTOCOL.md, "Requests as notifications").

let s:channel = 0
let s:notify = "vim.fn['understory#transport#nvim#receive'](...)"

function! understory#transport#nvim#connect() abort
  let l:socket = s:socket()
  let l:distrust = s:distrust(l:socket)
  if !empty(l:distrust)
    call timer_start(0, {-> understory#daemon#on_lost(l:distrust)})
  elseif !s:open(l:socket)
    call s:start(l:socket)
  endif
endfunction

function! s:socket() abort
  let l:socket = understory#config#get('socket')
  if !empty(l:socket)
    return fnamemodify(expand(l:socket), ':p')
  endif
  let l:folder = empty($XDG_RUNTIME_DIR) ? '/tmp/understory-' .. luaeval('vim.loop.getuid()')
        \ : $XDG_RUNTIME_DIR .. '/understory'
  return l:folder .. '/understoryd.sock'
endfunction

" Another user could lay a socket where ours is expected, and read the text.
function! s:distrust(socket) abort
  let l:folder = fnamemodify(a:socket, ':h')
  let l:owner = luaeval('(vim.loop.fs_stat(_A) or {}).uid', l:folder)
  return l:owner is v:null || l:owner == luaeval('vim.loop.getuid()') ? ''
        \ : l:folder .. ' belongs to another user'
endfunction

function! s:open(socket) abort
  if getftype(a:socket) !=# 'socket'
    return 0
  endif
  try
    let s:channel = sockconnect('pipe', a:socket, #{rpc: v:true})
  catch
    let s:channel = 0
  endtry
  if s:channel > 0
    call understory#daemon#on_connected()
  endif
  return s:channel > 0
endfunction

function! s:start(socket) abort
  let l:program = understory#config#program()
  if empty(l:program)
    call timer_start(0, {-> understory#daemon#on_lost("'understory' is not installed or not in PATH")})
    return
  endif
  let l:said = []
  call jobstart(l:program + ['start'] + understory#config#daemon_arguments(), #{cwd: '/',
        \ on_stderr: {_, lines, name -> extend(l:said, lines)},
        \ on_exit: {_, code, name -> s:on_started(a:socket, code, l:said)}})
endfunction

function! s:on_started(socket, code, said) abort
  if a:code != 0 || !s:open(a:socket)
    let l:lines = filter(a:said, {_, line -> line =~# '^understory: '})
    call understory#daemon#on_lost(empty(l:lines) ? 'the daemon could not be started'
          \ : substitute(l:lines[-1], '^understory: ', '', ''))
  endif
endfunction

" Neovim closes a channel whose peer is gone, without an event for it.
function! understory#transport#nvim#is_open() abort
  return s:channel > 0 && !empty(nvim_get_chan_info(s:channel))
endfunction

function! understory#transport#nvim#send(id, method, params) abort
  let l:params = a:id ? extend(#{request: a:id}, a:params) : a:params
  if a:method ==# 'hello'
    let l:params.notify_lua = s:notify
  endif
  try
    call rpcnotify(s:channel, a:method, l:params)
  catch
    let s:channel = 0
    call timer_start(0, {-> understory#daemon#on_lost('the daemon closed the connection')})
  endtry
endfunction

function! understory#transport#nvim#close() abort
  if understory#transport#nvim#is_open()
    call chanclose(s:channel)
  endif
  let s:channel = 0
endfunction

function! understory#transport#nvim#receive(method, map) abort
  if a:method ==# 'done'
    call understory#daemon#on_answer(a:map.request, get(a:map, 'error', {}), get(a:map, 'result', {}))
  else
    call understory#daemon#on_notification(a:method, a:map)
  endif
endfunction
