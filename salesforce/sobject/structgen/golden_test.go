// Made by structgen from the describe of bill__Invoice__c.

package structgen_test

import (
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// BillInvoice is a record of bill__Invoice__c (Invoice).
type BillInvoice struct {
	ID             sobject.ID        `salesforce:"Id"`             // Record ID
	OwnerID        sobject.ID        `salesforce:"OwnerId"`        // Owner ID
	Name           string            `salesforce:"Name"`           // Invoice Name
	Amount         *float64          `salesforce:"Amount__c"`      // Amount
	Count          *int64            `salesforce:"Count__c"`       // Number of lines
	Amount2        *int64            `salesforce:"Amount__pc"`     // Amount of the person
	Paid           bool              `salesforce:"Paid__c"`        // Paid
	DueDate        sobject.Date      `salesforce:"Due_Date__c"`    // Due
	SystemModstamp time.Time         `salesforce:"SystemModstamp"` // System Modstamp
	At             *sobject.Time     `salesforce:"At__c"`          // At
	Body           string            `salesforce:"Body"`           // Body; the path of the content
	Address        *sobject.Address  `salesforce:"Address__c"`     // Address
	Place          *sobject.Location `salesforce:"Place__c"`       // Place
	X2nd           string            `salesforce:"2nd__c"`         // Second
	Any            sobject.Value     `salesforce:"Any__c"`         // Any
	BillState      string            `salesforce:"bill__State__c"` // State
	Rate           float64           `salesforce:"Rate__c"`        // Rate
}

// BillInvoiceFields is what to select for a BillInvoice: "SELECT " + BillInvoiceFields + " FROM bill__Invoice__c".
const BillInvoiceFields = "Id, OwnerId, Name, Amount__c, Count__c, Amount__pc, Paid__c, Due_Date__c, SystemModstamp, At__c, Body, Address__c, Place__c, 2nd__c, Any__c, bill__State__c, Rate__c"
