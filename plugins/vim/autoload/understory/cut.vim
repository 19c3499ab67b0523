" Where a word, a sentence and a line of a suggestion end.

scriptencoding utf-8

let s:title = '\<\%(Mr\|Mrs\|Ms\|Dr\|St\|Mme\|Mlle\|Prof\|Capt\|Col\|Gen\|Rev\)'
let s:closing = '["''”’)\]»*_]*'
let s:sentence = '^\_s*\_.\{-1,}\%(' .. '\%(' .. s:title .. '\)\@<![.!?…]\+' .. s:closing .. '\ze\%(\_s\|$\)'
      \ .. '\|[。！？]\+[」』”’]*' .. '\)'

function! understory#cut#piece(text, unit) abort
  if a:unit ==# 'word'
    return s:word(a:text)
  elseif a:unit ==# 'sentence'
    let l:piece = matchstr(a:text, s:sentence)
    return empty(l:piece) ? understory#cut#piece(a:text, 'line') : l:piece
  elseif a:unit ==# 'line'
    return matchstr(a:text, '^\n*[^\n]*')
  endif
  return a:text
endfunction

" Scripts without spaces between words: a character is a word there.
function! s:is_ideograph(char) abort
  let l:code = char2nr(a:char)
  return l:code >= 0x2e80 && l:code <= 0x312f || l:code >= 0x31a0 && l:code <= 0x9fff
        \ || l:code >= 0xf900 && l:code <= 0xfaff || l:code >= 0xff00 && l:code <= 0xffef
        \ || l:code >= 0x20000 && l:code <= 0x3ffff
endfunction

function! s:word(text) abort
  let l:space = matchstr(a:text, '^\_s*')
  let l:run = matchstr(a:text, '^\S\+', len(l:space))
  let l:word = ''
  for l:char in split(l:run, '\zs')
    if s:is_ideograph(l:char)
      let l:word = empty(l:word) ? l:char : l:word
      break
    endif
    let l:word ..= l:char
  endfor
  return l:space .. l:word
endfunction
