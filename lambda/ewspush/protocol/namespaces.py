"""XML namespaces of EWS, as the schemas messages.xsd, types.xsd and SOAP 1.1 name them."""

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"

S = f"{{{SOAP}}}"
M = f"{{{MESSAGES}}}"
T = f"{{{TYPES}}}"
