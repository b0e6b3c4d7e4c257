-- Sends requests for campaigns drawn at random, no two bodies alike.
-- Arguments: the method, the path, how many numbers there are, how far apart they are, and the body, if any.
-- `@number@` and `@id@` in the path stand for the number drawn and its id, `@nonce@` in the body for something new.

local method, path, count, stride, head, tail, run
local sent = 0

function init(args)
  method, path, count, stride = args[1], args[2], tonumber(args[3]), tonumber(args[4])
  if args[5] then
    head, tail = args[5]:match('^(.-)@nonce@(.*)$')
  end
  run = tostring(os.time()) .. tostring(math.floor(os.clock() * 1e6))
  math.randomseed(os.time())
end

function request()
  sent = sent + 1
  local number = math.random(count) * stride
  local target = path:gsub('@number@', tostring(number)):gsub('@id@', string.format('%024x', number))
  return wrk.format(method, target, nil, head and head .. run .. '-' .. sent .. tail)
end
