" Taking what is shown. The text goes in as if it were typed, so that undo, '.' and every
" register treat it as the writer's own; what typing alone would change in it is held off.

let s:held = {}
let s:piece = {}  " {text, made, from}

" The keys that type this unit of the suggestion; '' where none is shown.
function! understory#accept#keys(unit) abort
  let l:text = understory#cut#piece(understory#ghost#rest(), a:unit)
  if empty(l:text)
    return ''
  endif
  let s:piece = #{text: l:text, made: understory#ghost#taken()}
  return "\<Cmd>call understory#accept#hold()\<CR>\<C-G>u" .. s:typed(l:text)
        \ .. "\<Cmd>call understory#accept#release()\<CR>\<C-G>u"
endfunction

function! s:typed(text) abort
  let l:text = substitute(a:text, '[\x01-\x09\x0b-\x1f\x7f]', "\<C-V>&", 'g')
  return substitute(l:text, "\n", "\<CR>", 'g')
endfunction

" A line break of the suggestion brings its own indent and no comment leader. 'textwidth' stays:
" in a mail what is taken is wrapped as what is typed.
function! understory#accept#hold() abort
  let s:piece.from = [line('.'), col('.')]
  let s:held = #{autoindent: &l:autoindent, cindent: &l:cindent, smartindent: &l:smartindent,
        \ indentexpr: &l:indentexpr, formatoptions: &l:formatoptions}
  setlocal noautoindent nocindent nosmartindent indentexpr=
  let &l:formatoptions = substitute(&l:formatoptions, '[ra]', '', 'g')
endfunction

function! understory#accept#release() abort
  for [l:option, l:value] in items(s:held)
    call setbufvar('', '&' .. l:option, l:value)
  endfor
  let s:held = {}
  let l:to = [line('.'), col('.')]
  let l:text = understory#taken#between(s:piece.from, l:to)
  if s:words(l:text) ==# s:words(s:piece.text)
    call understory#taken#add(s:piece.from, l:to, l:text, s:piece.made)
  endif
endfunction

" 'textwidth' may have broken lines.
function! s:words(text) abort
  return substitute(a:text, '\_s\+', ' ', 'g')
endfunction
