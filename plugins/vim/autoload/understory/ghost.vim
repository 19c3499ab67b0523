" The suggestion at the cursor: when it is asked for, what of it still fits, when it goes.
"
" One suggestion exists at a time, in the buffer being typed in. It stays anchored where it was
" asked for; what has been typed since is compared with it, so that typing what it says keeps
" it, and so does taking that back. Nothing here waits for the daemon.

scriptencoding utf-8

" {buffer, lnum, col, before, after, choices, at, requests, extra, shown, asked, rest}
"   before, after   the anchor's line on both sides of the anchor
"   choices         alternatives: {text, done, made}; done without text: junk; made: see taken.vim
"   requests        open requests: id to {first, skip, made}, index of its first choice, bytes of its
"                   texts that lie before the anchor, and each branch's
"   extra           1 once more alternatives were asked for
"   shown           1 once the writer could see it and has taken nothing of it
"   rest            what of the current choice is not typed yet
let s:ghost = {}
let s:timer = -1
let s:tick = 0
let s:where = [0, 0]
let s:render = has('nvim') ? 'understory#render#nvim#' : 'understory#render#vim#'
let s:painted = []

" ---- events -------------------------------------------------------------------------------

" The daemon is looked for (and started) only now: a file that is only read needs none.
function! understory#ghost#on_insert_enter() abort
  call understory#keys#map()
  call understory#daemon#connect()
  let [s:tick, s:where] = [b:changedtick, [line('.'), col('.')]]
  call s:schedule(1)
endfunction

function! understory#ghost#on_text_changed() abort
  let [s:tick, s:where] = [b:changedtick, [line('.'), col('.')]]
  if empty(s:ghost)
    call s:schedule(1)
  elseif !s:paint()
    call s:give_up()
    call s:schedule(1)
  elseif s:is_used_up()
    call understory#ghost#drop()
    call s:schedule(0)
  endif
endfunction

function! understory#ghost#on_cursor_moved() abort
  if b:changedtick != s:tick || [line('.'), col('.')] == s:where
    return
  endif
  let s:where = [line('.'), col('.')]
  if empty(s:ghost)
    call s:schedule(1)
  elseif !s:paint()
    call understory#ghost#drop()
    call s:schedule(1)
  endif
endfunction

function! understory#ghost#on_popup() abort
  let [s:tick, s:where] = [b:changedtick, [line('.'), col('.')]]
  call understory#ghost#drop()
  call timer_stop(s:timer)
endfunction

function! understory#ghost#on_popup_closed() abort
  if mode() ==# 'i'
    call s:schedule(1)
  endif
endfunction

function! understory#ghost#on_leave() abort
  call timer_stop(s:timer)
  call understory#ghost#drop()
endfunction

" The daemon is there (again).
function! understory#ghost#on_ready() abort
  if mode() ==# 'i' && get(b:, 'understory_attached') && empty(s:ghost)
    call s:schedule(1)
  endif
endfunction

" ---- asking -------------------------------------------------------------------------------

function! s:schedule(wait) abort
  call timer_stop(s:timer)
  let s:timer = timer_start(a:wait ? understory#pace#delay_ms() : 0, function('s:ask_by_itself'))
endfunction

function! s:may_suggest() abort
  return mode() ==# 'i' && !understory#menu#is_open() && empty(reg_executing()) && &modifiable
        \ && !understory#context#is_hopeless()
endfunction

function! s:ask_by_itself(timer) abort
  if empty(s:ghost) && s:may_suggest() && understory#enabled(bufnr())
    let l:context = understory#context#gather()
    if l:context.prefix =~# '\S'
      call s:ask(l:context)
    endif
  endif
endfunction

" By hand: also on an empty page, and in a buffer where Understory is off.
function! understory#ghost#trigger() abort
  if !get(b:, 'understory_attached')
    call understory#attach()
  endif
  call understory#ghost#drop()
  call understory#daemon#forgive()
  if s:may_suggest()
    call s:ask(understory#context#gather())
  endif
endfunction

function! s:ask(context) abort
  let l:line = getline('.')
  let s:ghost = #{buffer: bufnr(), lnum: line('.'), col: col('.'),
        \ before: strpart(l:line, 0, col('.') - 1), after: a:context.after,
        \ choices: [], at: 0, requests: {}, extra: 0, shown: 0, asked: reltime(), rest: ''}
  call s:send(a:context, 1, 'text')
  if empty(s:ghost.requests)
    let s:ghost = {}
  endif
endfunction

function! s:send(context, n, purpose) abort
  let l:params = extend(understory#context#params(a:context), #{n: a:n,
        \ document: s:ghost.buffer .. ' ' .. a:purpose, max_tokens: understory#config#get('max_tokens'),
        \ until: a:context.after =~# '\S' ? 'line' : understory#config#get('until')})
  call extend(l:params, understory#config#get('params'))
  let l:first = len(s:ghost.choices)
  let l:id = understory#daemon#request('complete', l:params, function('s:on_answer'), function('s:on_chunk'))
  if l:id
    let l:made = map(range(a:n), {-> understory#taken#made(l:params)})
    let s:ghost.requests[l:id] = #{first: l:first, skip: 0, made: l:made}
    for l:how in l:made
      call add(s:ghost.choices, #{text: '', done: 0, made: l:how})
    endfor
  endif
endfunction

function! s:on_chunk(id, chunk) abort
  let l:request = get(get(s:ghost, 'requests', {}), a:id, {})
  if empty(l:request) || type(a:chunk.text) != v:t_string
    return
  endif
  if has_key(s:ghost, 'asked')
    call understory#pace#measured(1000 * reltimefloat(reltime(remove(s:ghost, 'asked'))))
  endif
  let l:i = l:request.first + a:chunk.branch
  let s:ghost.choices[l:i].text ..= a:chunk.text
  if l:i == get(s:ghost, 'next', -1)
    let s:ghost.at = remove(s:ghost, 'next')
  endif
  call s:arrived()
endfunction

function! s:on_answer(id, error, result) abort
  let l:request = get(get(s:ghost, 'requests', {}), a:id, {})
  if empty(l:request)
    return
  endif
  call remove(s:ghost.requests, a:id)
  if empty(a:error)
    call s:tell(l:request.made, a:result)
    for l:i in range(len(a:result.branches))
      let l:text = s:worth_showing(a:result.branches[l:i], l:request.skip)
      call extend(s:ghost.choices[l:request.first + l:i], #{text: l:text, done: 1})
    endfor
    call s:arrived()
  elseif empty(s:ghost.requests) && s:ghost.rest ==# ''
    call understory#ghost#drop()
    if a:error.code ==# 'loading' || a:error.code ==# 'busy'
      call s:schedule(1)
    endif
  endif
endfunction

function! s:tell(made, result) abort
  for l:i in range(len(a:result.branches))
    call understory#taken#tell(a:made[l:i], a:result.branches[l:i], a:result)
  endfor
endfunction

" The branch's text; '' where it is junk or is there already.
function! s:worth_showing(branch, skip) abort
  if type(a:branch.text) != v:t_string || !empty(get(a:branch, 'suppressed', ''))
    return ''
  endif
  let l:text = strpart(a:branch.text, a:skip)
  let l:is_there = !empty(filter(copy(s:ghost.choices), {_, c -> c.done && c.text ==# l:text}))
  return l:text =~# '\S' && !l:is_there ? l:text : ''
endfunction

" What has come may contradict what was typed meanwhile, and it may be nothing.
function! s:arrived() abort
  if mode() !=# 'i' || understory#menu#is_open() || bufnr() != s:ghost.buffer || b:changedtick != s:tick
    return
  endif
  if !s:paint() || s:is_used_up()
    call understory#ghost#drop()
  endif
endfunction

" ---- what still fits ----------------------------------------------------------------------

" What was typed between the anchor and the cursor; v:null where something else happened.
function! s:typed() abort
  let [l:lnum, l:col] = [line('.'), col('.')]
  let l:line = getline(l:lnum)
  if bufnr() != s:ghost.buffer || l:lnum < s:ghost.lnum || strpart(l:line, l:col - 1) !=# s:ghost.after
    return v:null
  endif
  if l:lnum == s:ghost.lnum
    if l:col < s:ghost.col || strpart(l:line, 0, s:ghost.col - 1) !=# s:ghost.before
      return v:null
    endif
    return strpart(l:line, s:ghost.col - 1, l:col - s:ghost.col)
  endif
  let l:lines = getline(s:ghost.lnum, l:lnum)
  if len(l:lines) > 50 || strpart(l:lines[0], 0, s:ghost.col - 1) !=# s:ghost.before
    return v:null
  endif
  let l:lines[0] = strpart(l:lines[0], s:ghost.col - 1)
  let l:lines[-1] = strpart(l:lines[-1], 0, l:col - 1)
  return join(l:lines, "\n")
endfunction

" Text that is still coming may yet fit; what is over without any was junk.
function! s:fits(choice, typed) abort
  if a:choice.text ==# ''
    return !a:choice.done
  endif
  return stridx(a:choice.text, a:typed) == 0 || !a:choice.done && stridx(a:typed, a:choice.text) == 0
endfunction

" The current alternative, or the next one that fits what was typed; -1: none.
function! s:choose(typed) abort
  for l:step in range(len(s:ghost.choices))
    let l:i = (s:ghost.at + l:step) % len(s:ghost.choices)
    if s:fits(s:ghost.choices[l:i], a:typed)
      return l:i
    endif
  endfor
  return -1
endfunction

" Shows what is left of the suggestion. 0 where nothing of it fits.
function! s:paint() abort
  let l:typed = s:typed()
  let l:at = l:typed is v:null ? -1 : s:choose(l:typed)
  if l:at < 0
    return 0
  endif
  let s:ghost.at = l:at
  let s:ghost.rest = strpart(s:ghost.choices[l:at].text, len(l:typed))
  if s:ghost.rest !~# '\S'
    call s:hide()
  else
    let s:ghost.shown = 1
    call s:show(s:ghost.rest, s:count(l:typed))
  endif
  return 1
endfunction

function! s:show(text, info) abort
  let l:wanted = [bufnr(), line('.'), col('.'), a:text, a:info, b:changedtick]
  if l:wanted != s:painted
    call {s:render}show(a:text, a:info)
    let s:painted = l:wanted
  endif
endfunction

function! s:hide() abort
  if !empty(s:painted)
    call {s:render}hide(s:painted[0], s:painted[1])
    let s:painted = []
  endif
endfunction

" Those that can be shown.
function! s:fitting(typed) abort
  return filter(range(len(s:ghost.choices)),
        \ {_, i -> s:ghost.choices[i].text !=# '' && s:fits(s:ghost.choices[i], a:typed)})
endfunction

" Which of how many, once there are several: '2/5', with '…' while more are coming.
function! s:count(typed) abort
  let l:fitting = s:fitting(a:typed)
  let l:more = s:ghost.extra && !empty(s:ghost.requests) ? '…' : ''
  return len(l:fitting) < 2 ? l:more : (index(l:fitting, s:ghost.at) + 1) .. '/' .. len(l:fitting) .. l:more
endfunction

function! s:is_used_up() abort
  let l:choice = s:ghost.choices[s:ghost.at]
  return l:choice.done && s:ghost.rest ==# ''
endfunction

" The writer went on otherwise.
function! s:give_up() abort
  if s:ghost.shown
    call understory#pace#rejected()
  endif
  call understory#ghost#drop()
endfunction

function! understory#ghost#drop() abort
  call s:hide()
  if empty(s:ghost)
    return
  endif
  let l:open = s:ghost.requests
  let s:ghost = {}
  for [l:id, l:request] in items(l:open)
    " Of what was taken its answer still tells how it was made.
    let l:is_taken = !empty(filter(copy(l:request.made), 'has_key(v:val, "taken")'))
    call understory#daemon#cancel(str2nr(l:id), l:is_taken ? function('s:on_last_answer', [l:request.made]) : 0)
  endfor
endfunction

function! s:on_last_answer(made, id, error, result) abort
  if empty(a:error)
    call s:tell(a:made, a:result)
  endif
endfunction

" ---- keys ---------------------------------------------------------------------------------

" The text shown, '' where there is none. Compared with the buffer as it is now, for keys that
" come in a burst are mapped before anything is painted.
function! understory#ghost#rest() abort
  if empty(s:painted) || understory#menu#is_open()
    return ''
  endif
  let l:typed = s:typed()
  let l:text = s:ghost.choices[s:ghost.at].text
  return l:typed is v:null || stridx(l:text, l:typed) != 0 ? '' : strpart(l:text, len(l:typed))
endfunction

" How what is taken was made, which is known in full once the daemon has answered.
function! understory#ghost#taken() abort
  call understory#pace#accepted()
  let s:ghost.shown = 0
  return extend(s:ghost.choices[s:ghost.at].made, #{taken: 1})
endfunction

" Not asked again before something is typed.
function! understory#ghost#dismiss() abort
  call timer_stop(s:timer)
  if !empty(s:ghost)
    call s:give_up()
  endif
endfunction

" The next alternative; past the last one more are asked for, once.
function! understory#ghost#cycle(step) abort
  if understory#ghost#rest() ==# ''
    return understory#ghost#trigger()
  endif
  let l:fitting = s:fitting(s:typed())
  let l:to = index(l:fitting, s:ghost.at) + a:step
  if (l:to < 0 || l:to >= len(l:fitting)) && !s:ghost.extra
    return s:ask_for_more(s:typed())
  endif
  let s:ghost.at = l:fitting[(l:to + len(l:fitting)) % len(l:fitting)]
  call s:paint()
endfunction

" From the cursor on, so that the new ones fit what was typed.
function! s:ask_for_more(typed) abort
  call extend(s:ghost, #{lnum: line('.'), col: col('.'), extra: 1, next: len(s:ghost.choices),
        \ before: strpart(getline('.'), 0, col('.') - 1)})
  for l:choice in s:ghost.choices
    let l:fits = stridx(l:choice.text, a:typed) == 0
    let l:choice.text = l:fits ? strpart(l:choice.text, len(a:typed)) : ''
    let l:choice.done = l:choice.done || !l:fits
  endfor
  for l:request in values(s:ghost.requests)
    let l:request.skip += len(a:typed)
  endfor
  call s:send(understory#context#gather(), understory#config#get('alternatives'), 'more')
  call s:paint()
endfunction
