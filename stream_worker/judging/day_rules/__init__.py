"""The rules of `day_fraud`, in files by what they examine."""
