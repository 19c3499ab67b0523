" Vim: `understory bridge` as a job, a message of JSON a line (cli/README.md). It starts the
" daemon where none runs. A raw channel to the socket cannot tell NUL from newline.

let s:job = v:null
let s:complaint = ''

function! understory#transport#vim#connect() abort
  let l:program = understory#config#program()
  if empty(l:program)
    return s:fail_later("'understory' is not installed or not in PATH")
  endif
  let s:complaint = ''
  let s:job = job_start(l:program + ['bridge'] + understory#config#daemon_arguments(), #{
        \ in_mode: 'raw', out_mode: 'nl', err_mode: 'nl', noblock: 1, drop: 'never', cwd: '/',
        \ out_cb: function('s:on_line'), err_cb: function('s:on_complaint'),
        \ close_cb: function('s:on_close')})
  if job_status(s:job) ==# 'fail'
    let s:job = v:null
    return s:fail_later('cannot run ' .. l:program[0])
  endif
  " Lines wait in the pipe until there is a daemon.
  call understory#daemon#on_connected()
endfunction

function! s:fail_later(reason) abort
  call timer_start(0, {-> understory#daemon#on_lost(a:reason)})
endfunction

function! understory#transport#vim#is_open() abort
  return s:job isnot v:null && ch_status(s:job) ==# 'open'
endfunction

function! understory#transport#vim#send(id, method, params) abort
  if understory#transport#vim#is_open()
    let l:message = a:id ? [0, a:id, a:method, [a:params]] : [2, a:method, [a:params]]
    call ch_sendraw(s:job, json_encode(l:message) .. "\n")
  endif
endfunction

function! understory#transport#vim#close() abort
  let l:job = s:job
  let s:job = v:null
  if l:job isnot v:null
    call job_stop(l:job)
  endif
endfunction

function! s:on_line(channel, line) abort
  if s:job is v:null || ch_getjob(a:channel) != s:job
    return
  endif
  let l:message = json_decode(a:line)
  if l:message[0] == 1
    call understory#daemon#on_answer(l:message[1], l:message[2], l:message[3])
  else
    call understory#daemon#on_notification(l:message[1], l:message[2][0])
  endif
endfunction

" The bridge says on stderr that it starts a daemon, and last why it ends.
function! s:on_complaint(channel, line) abort
  if a:line =~# '^understory: '
    let s:complaint = substitute(a:line, '^understory: ', '', '')
  endif
endfunction

" All that it had to say has been read by now.
function! s:on_close(channel) abort
  if s:job isnot v:null && ch_getjob(a:channel) == s:job
    let s:job = v:null
    call understory#daemon#on_lost(empty(s:complaint) ? 'the bridge has ended' : s:complaint)
  endif
endfunction
