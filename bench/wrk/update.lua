-- Sends an update to a random campaign, never the same twice.
-- Arguments: the method, the path before the id, the number of campaigns, the body with one `@nonce@`.

local method, prefix, count, head, tail, run
local sent = 0

function init(args)
  method, prefix, count = args[1], args[2], tonumber(args[3])
  head, tail = args[4]:match('^(.-)@nonce@(.*)$')
  run = tostring(os.time()) .. tostring(math.floor(os.clock() * 1e6))
  math.randomseed(os.time())
end

function request()
  sent = sent + 1
  local path = prefix .. string.format('%024x', math.random(count))
  return wrk.format(method, path, nil, head .. run .. '-' .. sent .. tail)
end
