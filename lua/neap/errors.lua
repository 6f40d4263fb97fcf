-- neap.errors: error objects of your own, and asking what one is.
--   new(code, message, fields?) -> err
--   is(value, code?) -> boolean

return require "neap_errors"
