package salesforce

import "strings"

// codeMeanings classifies one error code. Bulk API 2.0 spells its own codes in
// upper case without underscores, so both spellings are matched.
func codeMeanings(code, message string) []error {
	switch strings.ToUpper(strings.ReplaceAll(code, "_", "")) {
	case "NOTFOUND", "INVALIDCROSSREFERENCEKEY":
		return []error{ErrNotFound}
	case "ENTITYISDELETED":
		return []error{ErrNotFound, ErrDeleted}
	case "INVALIDSESSIONID", "INVALIDAUTHHEADER":
		if noAPIAccess(message) {
			return []error{ErrAPIDisabled}
		}
		return []error{ErrSessionExpired}
	case "BADOAUTHTOKEN":
		return []error{ErrSessionExpired}
	case "REQUESTLIMITEXCEEDED":
		if strings.Contains(message, "Concurrent") {
			return []error{ErrConcurrentLimit}
		}
		return []error{ErrDailyLimit}
	case "EXCEEDEDQUOTA":
		return []error{ErrBulkLimit}
	case "LIMITEXCEEDED":
		if strings.Contains(message, "job") || strings.Contains(message, "Bulk") {
			return []error{ErrBulkLimit}
		}
		return nil
	case "INVALIDFIELD", "INVALIDFIELDFORINSERTUPDATE":
		return []error{ErrInvalidField}
	case "INVALIDTYPE", "INVALIDENTITY":
		return []error{ErrInvalidType}
	case "MALFORMEDQUERY", "MALFORMEDSEARCH":
		return []error{ErrMalformedQuery}
	case "MALFORMEDID", "INVALIDIDFIELD":
		return []error{ErrMalformedID}
	case "UNABLETOLOCKROW", "TOOMANYLOCKFAILURE":
		return []error{ErrLock}
	case "CANNOTINSERTUPDATEACTIVATEENTITY", "CANNOTEXECUTEFLOWTRIGGER":
		// The customer's own code failed; it passes on a lock as its text.
		if strings.Contains(message, "UNABLE_TO_LOCK_ROW") {
			return []error{ErrLock}
		}
		return []error{ErrValidation}
	case "DUPLICATEVALUE", "DUPLICATESDETECTED", "DUPLICATEUSERNAME":
		return []error{ErrDuplicate}
	case "DUPLICATEEXTERNALID":
		// The same key twice in a request, or a key of several records.
		if strings.Contains(message, "more than one record found") {
			return []error{ErrAmbiguousExternalID, ErrDuplicate}
		}
		return []error{ErrDuplicate}
	case "CANNOTUPDATECONVERTEDLEAD":
		return []error{ErrConverted}
	case "APIDISABLEDFORORG", "APICURRENTLYDISABLED", "CLIENTNOTACCESSIBLEFORUSER":
		return []error{ErrAPIDisabled}
	case "INSUFFICIENTACCESS", "INSUFFICIENTACCESSORREADONLY", "INSUFFICIENTACCESSONCROSSREFERENCEENTITY",
		"FUNCTIONALITYNOTENABLED", "FEATURENOTENABLED", "TXNSECURITYNOACCESS", "TRANSFERREQUIRESREAD":
		return []error{ErrForbidden}
	case "SERVERUNAVAILABLE", "UNKNOWNEXCEPTION", "TXNSECURITYMETERINGERROR":
		return []error{ErrUnavailable}
	case "INVALIDQUERYLOCATOR":
		return []error{ErrCursorGone}
	case "QUERYTIMEOUT", "REQUESTRUNNINGTOOLONG", "OPERATIONTOOLARGE", "EXCEEDEDIDLIMIT", "EXCEEDEDMAXSIZEREQUEST",
		"QUERYTOOCOMPLICATED":
		return []error{ErrTooLarge}
	case "REQUIREDFIELDMISSING":
		return []error{ErrRequired}
	case "FIELDCUSTOMVALIDATIONEXCEPTION", "FIELDFILTERVALIDATIONEXCEPTION":
		return []error{ErrValidation}
	case "ALLORNONEOPERATIONROLLEDBACK", "PROCESSINGHALTED", "BATCHPROCESSINGHALTED":
		return []error{ErrRolledBack}
	case "INVALIDJOBSTATE":
		return []error{ErrConflict}
	}
	if passing(message) {
		return []error{ErrUnavailable}
	}
	return nil
}

// passing tells by its text a failure of the moment, which comes with several
// codes and statuses, 400 and 406 among them.
func passing(message string) bool {
	for _, text := range []string{
		"retry your request", "creation of the query cursor at this time", "exceeded the time limit for processing",
		"no healthy upstream", "upstream connect error", "system may be currently unavailable",
	} {
		if strings.Contains(message, text) {
			return true
		}
	}
	return false
}

// noAPIAccess tells the one INVALID_SESSION_ID that a new token does not cure:
// the token is good, but not for this API.
func noAPIAccess(message string) bool { return strings.Contains(message, "not valid for use with") }

// sessionDead reports whether a new token may help.
func (e *Error) sessionDead() bool {
	switch {
	case noAPIAccess(e.Message):
		return false
	case e.StatusCode == 401:
		// Without a code it may come from a proxy; one refresh finds out.
		return e.Code == "INVALID_SESSION_ID" || e.Code == "" || e.Code == "Bad_OAuth_Token"
	case e.StatusCode == 403:
		return e.Code == "Bad_OAuth_Token"
	case e.StatusCode == 400:
		return e.Code == "InvalidSessionId" // Bulk API 1
	case e.StatusCode == 500:
		return e.Code == "INVALID_SESSION_ID" // SOAP, whose faults are all 500
	}
	return false
}

// unprocessed reports whether the answer proves that nothing was done, so that
// even a create may be sent again.
func (e *Error) unprocessed() bool {
	return e.StatusCode == 429 || e.StatusCode == statusNoRoute ||
		e.Is(ErrConcurrentLimit) && e.StatusCode == 403
}

// transient reports whether asking again may help, if asking again is safe.
func (e *Error) transient() bool {
	return e.unprocessed() || e.Is(ErrUnavailable)
}
