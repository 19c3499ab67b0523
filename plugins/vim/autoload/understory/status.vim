" What a writer wants to know about it, and what to do where something is wrong.

" For 'statusline': 'understory-10m 85 ms', or why there is nothing.
function! understory#status#line() abort
  let l:state = understory#daemon#state()
  if l:state ==# 'connecting'
    return 'understory: starting'
  elseif l:state !=# 'ready'
    return l:state ==# 'failed' ? 'understory: no daemon' : 'understory'
  endif
  let l:latency = understory#pace#latency_ms()
  return get(get(understory#daemon#hello(), 'model', {}), 'name', 'understory')
        \ .. (l:latency > 0 ? printf(' %d ms', float2nr(l:latency)) : '')
endfunction

" [kind, text, advice]: kind is 'ok', 'warn' or 'error'. The health checks and :UnderstoryStatus
" print these.
function! understory#status#report() abort
  return [s:editor(), s:program()] + s:daemon() + [s:here()]
endfunction

function! s:editor() abort
  let l:name = has('nvim') ? 'Neovim ' .. matchstr(execute('version'), 'v\zs[0-9.]\+')
        \ : printf('Vim %d.%d', v:version / 100, v:version % 100)
  let l:how = !has('nvim') ? 'virtual text through text properties'
        \ : has('nvim-0.10') ? 'inline virtual text' : 'overlaid virtual text'
  return ['ok', 'plugin 0.1.0 in ' .. l:name .. ', ' .. l:how, '']
endfunction

function! s:program() abort
  let l:program = understory#config#program()
  return empty(l:program)
        \ ? ['error', "the program 'understory' was not found",
        \    'Install Understory, or set g:understory_command to the path of the program.']
        \ : ['ok', 'program ' .. exepath(l:program[0]), '']
endfunction

function! s:daemon() abort
  let l:state = understory#daemon#state()
  if l:state ==# 'failed'
    return [['error', 'no connection: ' .. understory#daemon#reason(),
          \ "Run 'understory doctor' in a terminal; then :UnderstoryEnable tries again."]]
  elseif l:state !=# 'ready'
    return [['warn', 'the daemon is starting',
          \ 'A large model takes a while to load; try again.']]
  endif
  let l:hello = understory#daemon#hello()
  let l:model = get(l:hello, 'model', {})
  let l:device = get(l:hello, 'device', {})
  return [['ok', printf('daemon %s, process %d', l:hello.version, l:hello.pid), ''], s:protocol(l:hello.protocol),
        \ ['ok', printf('model %s: %s %s, context %d tokens', get(l:model, 'name', '?'),
        \               get(l:model, 'architecture', '?'), get(l:model, 'file_type', '?'), get(l:model, 'context')), ''],
        \ ['ok', printf('device %s (%s)', get(l:device, 'name', '?'), get(l:device, 'kind', '?')), ''],
        \ s:latency()]
endfunction

function! s:protocol(version) abort
  return a:version == 1 ? ['ok', 'protocol 1', '']
        \ : ['warn', printf('the daemon speaks protocol %d, the plugin 1', a:version), 'Update the plugin.']
endfunction

function! s:latency() abort
  let l:ms = understory#pace#latency_ms()
  if l:ms == 0
    return ['ok', 'no suggestion asked for yet', '']
  endif
  let l:text = printf('first words after %d ms; asks %d ms after a key', float2nr(l:ms), understory#pace#delay_ms())
  return l:ms < 1000 ? ['ok', l:text, '']
        \ : ['warn', l:text, 'A smaller model, or one with fewer bits a weight, answers sooner; see :help understory-model.']
endfunction

function! s:here() abort
  if get(b:, 'understory_attached')
    return ['ok', 'on in this buffer', '']
  elseif &readonly || !&modifiable
    return ['ok', 'off in this buffer: it cannot be changed', '']
  endif
  let l:why = !get(g:, 'understory_enabled', 1) ? 'off everywhere'
        \ : printf("off in this buffer: the file type is '%s'", &filetype)
  return ['ok', l:why, 'UnderstoryToggle turns it on in a buffer; g:understory_filetypes says where it is on by itself.']
endfunction

" Asked for by the writer, so the one place that waits, for three seconds at most.
function! understory#status#settle() abort
  call understory#daemon#connect()
  for l:i in range(60)
    if understory#daemon#state() !=# 'connecting'
      return
    endif
    sleep 50m
  endfor
endfunction

function! understory#status#show() abort
  call understory#status#settle()
  for [l:kind, l:text, l:advice] in understory#status#report()
    execute 'echohl' #{ok: 'None', warn: 'WarningMsg', error: 'ErrorMsg'}[l:kind]
    echo (l:kind ==# 'ok' ? '  ' : '! ') .. l:text
    echohl None
    if !empty(l:advice)
      echo '      ' .. l:advice
    endif
  endfor
endfunction
