"""What an arm is asked of where that is not the home as it is: its documents cut otherwise, another decoder's weights.

Reading order: chunked (the same documents as another library), weights (another decoder), variant (both, for each arm).
"""
