"""What must be kept safe: the archive of receipts, the vault of persons' numbers, the scan that finds such numbers."""
