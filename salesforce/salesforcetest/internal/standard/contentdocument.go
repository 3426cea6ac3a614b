package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var contentDocument = object{
	def: engine.Object{Name: "ContentDocument", Label: "Content Document", LabelPlural: "Content", KeyPrefix: "069", Feed: true, NoCreate: true, NoReplicate: true, NoLayout: true, NoRecent: true},
	fields: `
%system
IsArchived boolean uy Is Archived
ArchivedById reference ry User ID -> User ArchivedBy/
ArchivedDate date ry Archived Date
OwnerId reference u!y Owner ID -> User Owner/
Title string:255 u!yni Title
PublishStatus picklist:40 ryR Publish Status = P=Public|+R=Personal Library|U=Upload Interrupted
LatestPublishedVersionId reference ry Latest Published Version ID -> ContentVersion LatestPublishedVersion/
ParentId reference uy Parent ID -> ContentWorkspace Parent/
%viewed
Description textarea:1000 uyg Description
ContentSize int:9 ry Size
FileType string:20 ry File Type
FileExtension string:40 ry File Extension
SharingOption picklist:40 uyR Prevent others from sharing and unsharing = +A=Allowed|R=Restricted
SharingPrivacy picklist:40 uyR File Privacy on Records = +N=Visible to Anyone With Record Access|P=Private on Records
ContentModifiedDate datetime ry Content Modified Date
ContentAssetId reference uy Asset File ID -> ContentAsset ContentAsset/
`,
}
