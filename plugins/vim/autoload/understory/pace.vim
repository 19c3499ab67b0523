" How long to wait after a key before asking: longer on a slow machine, and longer for a writer
" who takes nothing.

let s:latency_ms = 0.0
let s:rejections = 0

" Of one request: from asking to the first piece of text.
function! understory#pace#measured(ms) abort
  let s:latency_ms = s:latency_ms == 0 ? a:ms * 1.0 : 0.7 * s:latency_ms + 0.3 * a:ms
endfunction

function! understory#pace#latency_ms() abort
  return s:latency_ms
endfunction

function! understory#pace#accepted() abort
  let s:rejections = 0
endfunction

function! understory#pace#rejected() abort
  let s:rejections += 1
endfunction

" A machine that needs long is not asked at every pause between two words. Every five
" rejections in a row double the wait, up to eight times.
function! understory#pace#delay_ms() abort
  let l:least = understory#config#get('delay_ms')
  let l:most = understory#config#get('max_delay_ms')
  let l:delay = max([l:least, float2nr(0.6 * s:latency_ms)]) * float2nr(pow(2, min([s:rejections / 5, 3])))
  return min([l:delay, l:most])
endfunction
