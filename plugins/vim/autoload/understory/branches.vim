" :UnderstoryBranches: several continuations side by side, each in a window of its own, to take
" one, change one, or keep some.

" {source, lnum, col, tick, context, params, parts}
"   source, lnum, col, tick   buffer and place (bytes before it) that a branch would go to, and
"                             the buffer's b:changedtick then
"   params                    what was asked with last, without the text
"   parts                     one per branch: {buffer, text, request, state, kept, made}; made: see taken.vim
let s:view = {}

function! understory#branches#open(count) abort
  let l:n = empty(a:count) ? understory#config#get('branches') : str2nr(a:count)
  if l:n < 1 || l:n > 16
    return s:say('between 1 and 16 branches')
  elseif !&modifiable
    return s:say('this buffer cannot be changed')
  endif
  call understory#branches#close()
  " In normal mode the text goes on after the character under the cursor, as with `a`.
  let l:in_insert = mode() =~# '^i'
  let l:col = l:in_insert ? col('.') - 1 : col('.') - 1 + len(matchstr(getline('.'), '\%' .. col('.') .. 'c.'))
  let s:view = #{source: bufnr(), lnum: line('.'), col: l:col, tick: b:changedtick,
        \ context: understory#context#gather_at(line('.'), l:col), parts: []}
  stopinsert
  call s:open_windows(l:n)
  call understory#daemon#when_ready(function('s:generate', [range(l:n)]))
endfunction

" Columns where each has room for a few words, else rows.
function! s:open_windows(n) abort
  let l:in_columns = &columns / a:n >= 26
  for l:i in range(a:n)
    if l:i == 0
      execute 'botright' max([min([&lines / 2, l:in_columns ? 12 : 4 * a:n]), 3]) .. 'new'
    else
      execute l:in_columns ? 'rightbelow vnew' : 'rightbelow new'
    endif
    setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted wrap linebreak nonumber
          \ norelativenumber nolist nospell signcolumn=no foldcolumn=0 winfixheight nomodifiable
    let b:understory_branch = l:i
    let b:understory_enabled = 0
    setlocal filetype=understory-branches
    setlocal statusline=%{understory#branches#title()}%<
    call s:map()
    call add(s:view.parts, #{buffer: bufnr(), text: '', request: 0, state: 'waiting for the daemon', kept: 0})
    autocmd BufWipeout <buffer> call s:on_closed()
  endfor
  call s:spread(l:in_columns)
  call win_gotoid(bufwinid(s:view.parts[0].buffer))
endfunction

function! s:spread(in_columns) abort
  for l:part in s:view.parts
    let l:window = bufwinid(l:part.buffer)
    if a:in_columns
      call win_execute(l:window, 'vertical resize ' .. (&columns / len(s:view.parts) - 1))
    endif
  endfor
endfunction

function! s:map() abort
  nnoremap <buffer> <silent> <nowait> <CR> <Cmd>call understory#branches#take()<CR>
  nnoremap <buffer> <silent> <nowait> r <Cmd>call understory#branches#again(0)<CR>
  nnoremap <buffer> <silent> <nowait> R <Cmd>call understory#branches#again(1)<CR>
  nnoremap <buffer> <silent> <nowait> e <Cmd>call understory#branches#edit()<CR>
  nnoremap <buffer> <silent> <nowait> a <Cmd>call understory#branches#keep()<CR>
  nnoremap <buffer> <silent> <nowait> q <Cmd>call understory#branches#close()<CR>
  nnoremap <buffer> <silent> <nowait> <Tab> <C-W>w
  nnoremap <buffer> <silent> <nowait> <S-Tab> <C-W>W
endfunction

" ---- text as it comes ---------------------------------------------------------------------

function! s:generate(which) abort
  if empty(s:view)
    return
  endif
  let l:params = extend(understory#context#params(s:view.context), #{n: len(a:which),
        \ document: 'branches ' .. join(a:which), max_tokens: understory#config#of(s:view.source, 'branch_tokens'),
        \ until: s:view.context.after =~# '\S' ? 'sentence' : 'paragraph'})
  call extend(l:params, understory#config#of(s:view.source, 'params'))
  " A fixed seed or none at all would give the same text again.
  call filter(l:params, {key -> key !=# 'seed'})
  let l:id = understory#daemon#request('complete', l:params,
        \ function('s:on_answer', [a:which]), function('s:on_chunk', [a:which]))
  for l:i in a:which
    call extend(s:view.parts[l:i], #{text: '', request: l:id, state: l:id ? 'writing' : 'no daemon',
          \ made: understory#taken#made(l:params)})
    call s:paint(l:i)
  endfor
endfunction

function! s:on_chunk(which, id, chunk) abort
  let l:i = a:which[a:chunk.branch]
  if s:is_current(l:i, a:id)
    let s:view.parts[l:i].text ..= a:chunk.text
    call s:paint(l:i)
  endif
endfunction

function! s:on_answer(which, id, error, result) abort
  for l:k in range(len(a:which))
    let l:i = a:which[l:k]
    if s:is_current(l:i, a:id)
      let l:part = s:view.parts[l:i]
      let l:part.state = empty(a:error) ? '' : a:error.message
      let l:branches = get(a:result, 'branches', [])
      if l:k < len(l:branches) && type(l:branches[l:k].text) == v:t_string
        let l:part.text = l:branches[l:k].text
        call understory#taken#tell(l:part.made, l:branches[l:k], a:result)
        let l:part.state = l:part.text =~# '\S' ? '' : s:nothing(l:branches[l:k])
      endif
      call s:paint(l:i)
    endif
  endfor
  redrawstatus!
endfunction

function! s:nothing(branch) abort
  let l:why = get(a:branch, 'suppressed', '')
  return 'r new: nothing worth showing' .. (empty(l:why) ? '' : ' (' .. l:why .. ')')
endfunction

function! s:is_current(i, id) abort
  return !empty(s:view) && a:i < len(s:view.parts) && s:view.parts[a:i].request == a:id
        \ && s:view.parts[a:i].state ==# 'writing'
endfunction

function! s:paint(i) abort
  let l:buffer = s:view.parts[a:i].buffer
  let l:lines = split(s:view.parts[a:i].text, "\n", 1)
  call setbufvar(l:buffer, '&modifiable', 1)
  call setbufline(l:buffer, 1, l:lines)
  call deletebufline(l:buffer, len(l:lines) + 1, '$')
  call setbufvar(l:buffer, '&modifiable', 0)
endfunction

" For the status line of a branch's window.
function! understory#branches#title() abort
  let l:i = s:here()
  if empty(s:view) || l:i < 0 || l:i >= len(s:view.parts)
    return ''
  endif
  let l:part = s:view.parts[l:i]
  return printf('%s%d/%d %s', l:part.kept ? '*' : ' ', l:i + 1, len(s:view.parts),
        \ empty(l:part.state) ? 'CR take a keep e edit r new' : l:part.state)
endfunction

" ---- keys ---------------------------------------------------------------------------------

function! s:here() abort
  return get(b:, 'understory_branch', -1)
endfunction

" What stands in the window, edited or not.
function! s:text(i) abort
  return join(getbufline(s:view.parts[a:i].buffer, 1, '$'), "\n")
endfunction

function! understory#branches#take() abort
  let [l:i, l:view] = [s:here(), s:view]
  let l:text = s:text(l:i)
  if l:text !~# '\S'
    return s:say('there is nothing to take; r writes it again')
  elseif getbufvar(l:view.source, 'changedtick') != l:view.tick
    return s:say('the text has changed meanwhile; R asks again from the cursor')
  endif
  call understory#branches#close()
  let l:window = bufwinid(l:view.source)
  if l:window < 0
    execute 'buffer' l:view.source
  else
    call win_gotoid(l:window)
  endif
  let l:end = s:insert(l:view.lnum, l:view.col, l:text)
  call understory#taken#add([l:view.lnum, l:view.col + 1], l:end, l:view.parts[l:i].text, l:view.parts[l:i].made)
endfunction

" Where the text ends then: [line, column].
function! s:insert(lnum, col, text) abort
  let l:line = getline(a:lnum)
  let l:lines = split(strpart(l:line, 0, a:col) .. a:text, "\n", 1)
  let l:end = len(l:lines[-1])
  let l:lines[-1] ..= strpart(l:line, a:col)
  call setline(a:lnum, l:lines[0])
  call append(a:lnum, l:lines[1:])
  call cursor(a:lnum + len(l:lines) - 1, max([l:end, 1]))
  return [line('.'), l:end + 1]
endfunction

function! understory#branches#edit() abort
  call s:cancel([s:view.parts[s:here()]])
  setlocal modifiable
endfunction

" One again, or all from where the cursor is in the text now.
function! understory#branches#again(all) abort
  let l:which = a:all ? range(len(s:view.parts)) : [s:here()]
  call s:cancel(map(copy(l:which), {_, i -> s:view.parts[i]}))
  if a:all
    let s:view.tick = getbufvar(s:view.source, 'changedtick')
    call win_execute(bufwinid(s:view.source), 'call understory#branches#look()')
  endif
  call understory#daemon#when_ready(function('s:generate', [l:which]))
endfunction

" In the source's window: where a branch would go now.
function! understory#branches#look() abort
  let l:col = col('.') - 1 + len(matchstr(getline('.'), '\%' .. col('.') .. 'c.'))
  call extend(s:view, #{lnum: line('.'), col: l:col, context: understory#context#gather_at(line('.'), l:col)})
endfunction

function! understory#branches#keep() abort
  let l:part = s:view.parts[s:here()]
  let l:text = s:text(s:here())
  if l:part.kept
    return s:say('it is kept')
  elseif l:text !~# '\S'
    return s:say('there is nothing to keep; r writes it again')
  endif
  let l:child = #{text: l:text, origin: l:text ==# l:part.text ? 'model' : 'edited',
        \ generation: understory#taken#generation(l:part.made)}
  call understory#story#keep(s:view.source, s:view.lnum, s:view.col, l:child, function('s:on_kept', [l:part]))
endfunction

function! s:on_kept(part, problem) abort
  if !empty(a:problem)
    return s:say(a:problem)
  endif
  let a:part.kept = 1
  redrawstatus!
endfunction

function! understory#branches#close() abort
  let l:view = s:view
  let s:view = {}
  if empty(l:view)
    return
  endif
  call s:cancel(l:view.parts)
  for l:part in l:view.parts
    if bufexists(l:part.buffer)
      execute 'bwipeout!' l:part.buffer
    endif
  endfor
endfunction

" The last window was closed by other means.
function! s:on_closed() abort
  let l:closing = expand('<abuf>')
  if !empty(s:view) && empty(filter(copy(s:view.parts), {_, p -> p.buffer != l:closing && bufexists(p.buffer)}))
    call s:cancel(s:view.parts)
    let s:view = {}
  endif
endfunction

" Branches share a request: it is stopped once none of them is wanted any more.
function! s:cancel(parts) abort
  let l:stopped = filter(copy(a:parts), {_, p -> p.state ==# 'writing'})
  for l:part in l:stopped
    let l:part.state = ''
  endfor
  let l:wanted = map(filter(copy(get(s:view, 'parts', [])), {_, p -> p.state ==# 'writing'}), {_, p -> p.request})
  for l:part in l:stopped
    if index(l:wanted, l:part.request) < 0
      call understory#daemon#cancel(l:part.request)
    endif
  endfor
endfunction

function! s:say(text) abort
  echohl WarningMsg
  echo 'understory: ' .. a:text
  echohl None
endfunction
