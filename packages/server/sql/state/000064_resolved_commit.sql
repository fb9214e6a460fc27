-- The commit that resolves an issue, where no release is known to have it yet: the first that has it says from when on.
ALTER TABLE error_issues ADD COLUMN resolved_commit text;
